import ClusterModel

/// A drained host holds nothing that runs in the end, and nothing is on its way there, except what
/// a blocker names. One that could not be asked is named itself: nobody may take it for empty.
enum DrainCheck {
    static func violations(_ it: CheckedCase) -> [Violation] {
        guard it.plan.kind == .drain else { return [] }
        let drained = Set(it.plan.hosts)
        let excused = Set(it.plan.blockers.compactMap(\.domain))
        let staying = it.active.compactMap { domain -> Violation? in
            guard let host = it.final[domain.id], drained.contains(host),
                !excused.contains(domain.name)
            else { return nil }
            return Violation(
                .drain, host: host, "\(domain.name) is still there, and no blocker says why")
        }
        let arriving = it.snapshot.inFlight.compactMap { migration -> Violation? in
            guard let host = migration.target, drained.contains(host) else { return nil }
            // Also one that has crashed, or is otherwise no domain to be moved.
            let name =
                it.snapshot.domain(migration.domain)?.name ?? migration.domain.rawValue
            guard !excused.contains(name) else { return nil }
            return Violation(
                .drain, host: host, "\(name) is on its way there, and no blocker says so")
        }
        return staying + arriving + unheard(it)
    }

    private static func unheard(_ it: CheckedCase) -> [Violation] {
        let named = Set(it.plan.blockers.filter { $0.domain == nil }.compactMap(\.host))
        return Set(it.plan.hosts).subtracting(named).sorted()
            .filter { it.hosts[$0]?.isReachable != true }
            .map { host in
                Violation(
                    .drain, host: host,
                    "it could not be asked what runs there, and no blocker says so")
            }
    }
}
