/// What snapshots of an older kvmbalance say in words that no longer hold.
extension DomainFacts {
    /// Puts it into today's terms. Another definition kept a domain from every host and not only
    /// from its own; and a cold move was promised that does not help.
    mutating func settleFormerBlockers() {
        for index in blockers.indices where !blockers[index].reason.endsWithShutdown {
            for promise in Self.formerPromises where blockers[index].remedy.hasSuffix(promise) {
                blockers[index].remedy =
                    String(blockers[index].remedy.dropLast(promise.count)) + Self.stays
            }
        }
        let isOther = { (blocker: Blocker) in
            blocker.reason == .state && blocker.host != nil
                && blocker.detail.contains("has another definition of this domain")
        }
        guard state.isActive, blockers.contains(where: isOther) else { return }
        let found = blockers.filter(isOther)
        blockers.removeAll(where: isOther)
        otherDefinitions = Set((otherDefinitions ?? []) + found.compactMap(\.host)).sorted()
        cautions += found.map { "\($0.detail); \($0.remedy)" }
    }

    private static let formerPromises = [
        ", or shut the guest down and move it cold", ", or move the guest cold",
    ]
    private static let stays = "; it belongs to its host, and a cold move leaves it behind"
}
