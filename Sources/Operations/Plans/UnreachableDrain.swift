import ClusterModel

extension MigrationPlan {
    /// A drain of a host that can not be asked what runs there: nobody may take it for empty. The
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
                detail: "it can not be asked what runs there: \(host.fault ?? "never read")",
                remedy:
                    "make it reachable ('kvmbalance hosts check \(host.name)' tells more); from a "
                    + "host that is dead nothing can be migrated")
        }
        if outcome == .nothingToDo || (outcome == .plan && !bestEffort) {
            plan.outcome = .infeasible
            plan.steps = []
            plan.makespanMilliseconds = 0
        }
        return plan
    }
}
