import ClusterModel

extension MigrationPlan {
    /// A drain of an unreachable host: it must not be taken for empty. The
    /// drain is infeasible then; with best effort the other hosts' domains still leave.
    func blocked(
        byUnreachable hosts: [HostName], of snapshot: ClusterSnapshot, bestEffort: Bool
    ) -> MigrationPlan {
        let silent = hosts.compactMap { snapshot.host($0) }.filter { !$0.isReachable }
        guard !silent.isEmpty else { return self }
        var plan = self
        plan.blockers += silent.filter { host in
            !blockers.contains { $0.domain == nil && $0.host == host.name }
        }.map { host in
            Blocker(
                host: host.name, reason: .unreachable,
                detail: "it is unknown what runs there: \(host.fault ?? "never read")",
                remedy:
                    "make it reachable (see 'kvmbalance hosts check \(host.name)'); from a "
                    + "dead host nothing can be migrated")
        }
        if outcome == .nothingToDo || (outcome == .plan && !bestEffort) {
            plan.outcome = .infeasible
            plan.steps = []
            plan.makespanMilliseconds = 0
        }
        return plan
    }
}
