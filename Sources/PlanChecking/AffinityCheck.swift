import ClusterModel

/// After the plan, no affinity group is spread wider than before; one that was together is
/// together.
///
/// A return and a rollback are asked for target by target: that a group was spread where it comes
/// from is no reason to keep its members away from there.
enum AffinityCheck {
    static func violations(_ subject: CheckedCase) -> [Violation] {
        switch subject.plan.kind {
        case .return, .rollback: return []
        case .drain, .move, .balance, .consolidate: break
        }
        let final = subject.final
        let moved = Set(subject.plan.steps.map(\.move.domain))
        return subject.groups.compactMap { group in
            guard !group.isApart, !group.members.isDisjoint(with: moved) else { return nil }
            // A domain that is seen twice never moves: each sighting counts where it is.
            let members = subject.members(of: group)
            let before = Set(members.map { subject.item($0.host, group.scope) })
            let after = Set(
                members.map { member in
                    let isTwin = subject.seenTwice.contains(member.id)
                    let host = isTwin ? member.host : final[member.id] ?? member.host
                    return subject.item(host, group.scope)
                })
            guard after.count > max(1, before.count) else { return nil }
            return Violation(
                .affinity, "group '\(group.name)' ends at \(after.sorted().joined(separator: ", "))"
            )
        }
    }
}
