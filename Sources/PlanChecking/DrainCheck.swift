import ClusterModel

/// A drained host holds nothing that runs in the end, except what a blocker names.
enum DrainCheck {
    static func violations(_ it: CheckedCase) -> [Violation] {
        guard it.plan.kind == .drain else { return [] }
        let final = it.final
        let excused = Set(it.plan.blockers.compactMap(\.domain))
        return it.active.compactMap { domain in
            guard let host = final[domain.id], it.plan.hosts.contains(host),
                !excused.contains(domain.name)
            else { return nil }
            return Violation(
                .drain, host: host, "\(domain.name) is still there, and no blocker says why")
        }
    }
}
