import ClusterModel

/// A drained host holds nothing that runs in the end, and nothing is on its way there, except what
/// a blocker names or the operator left out. An unreachable one is named itself: it must not count
/// as empty.
enum DrainCheck {
    static func violations(_ subject: CheckedCase) -> [Violation] {
        guard subject.plan.kind == .drain else { return [] }
        let drained = Set(subject.plan.hosts)
        let excused = Set(subject.plan.blockers.compactMap(\.domain))
        let excepted = Set(subject.plan.wishes.except.map(\.domain))
        let staying = subject.active.compactMap { domain -> Violation? in
            guard let host = subject.final[domain.id], drained.contains(host),
                !excused.contains(domain.name), !excepted.contains(domain.id)
            else { return nil }
            return Violation(
                .drain, host: host, "\(domain.name) is still there, and no blocker says why")
        }
        let arriving = subject.snapshot.inFlight.compactMap { migration -> Violation? in
            guard let host = migration.target, drained.contains(host) else { return nil }
            // Also one that has crashed, or is otherwise no domain to be moved.
            let name =
                subject.snapshot.domain(migration.domain)?.name ?? migration.domain.rawValue
            guard !excused.contains(name) else { return nil }
            return Violation(
                .drain, host: host, "\(name) is on its way there, and no blocker says so")
        }
        return staying + arriving + unheard(subject)
    }

    private static func unheard(_ subject: CheckedCase) -> [Violation] {
        let named = Set(subject.plan.blockers.filter { $0.domain == nil }.compactMap(\.host))
        return Set(subject.plan.hosts).subtracting(named).sorted()
            .filter { subject.hosts[$0]?.isReachable != true }
            .map { host in
                Violation(
                    .drain, host: host,
                    "it is unknown what runs there, and no blocker says so")
            }
    }
}
