package import ClusterModel
package import PlacementPolicy

/// Makes plans: a function from an observed cluster, a policy and a seed to steps that carry out a
/// request, or to what stands against it. The same input gives the same plan in every process.
package enum Planner {
    package static func plan(
        _ request: PlanRequest, from snapshot: ClusterSnapshot, under policy: Policy, seed: UInt64
    ) -> MigrationPlan {
        let draft: PlanDraft
        switch request.goal {
        case .drain(let hosts, let bestEffort):
            var planning = DrainPlanning(
                hosts, request: request, snapshot: snapshot, policy: policy, seed: seed)
            draft = planning.draft(bestEffort: bestEffort)
        case .return(let domains, let bestEffort):
            draft = FixedPlanning(
                returning: domains, request: request, snapshot: snapshot, policy: policy
            ).draft(bestEffort: bestEffort)
        case .moves(let moves, let bestEffort):
            draft = FixedPlanning(
                moves: moves, request: request, snapshot: snapshot, policy: policy
            ).draft(bestEffort: bestEffort)
        }
        return draft.plan(from: snapshot, under: policy, seed: seed)
    }
}
