package import ClusterModel

/// A plan, and what it was made from.
package struct PlanProposal {
    package let plan: MigrationPlan
    let draft: PlanDraft

    /// The plan that the same request has in a world that differs in nothing but how fast guests
    /// were measured to rewrite their memory: the moves are the same, and only their times are
    /// computed again. nil where some of them turn out not to come to an end: then it must be
    /// planned again.
    package func timed(by measured: ClusterSnapshot) -> MigrationPlan? {
        let moving = Set(plan.steps.map(\.move.domain))
        let isBlocked = ConvergenceForecast.blocking(in: measured, under: draft.problem.policy)
            .domains.contains { domain in
                moving.contains(domain.id)
                    && domain.facts.blockers.contains { $0.reason == .convergence }
            }
        guard !isBlocked else { return nil }
        guard plan.outcome == .plan else { return plan }
        var draft = draft
        for domain in measured.domains { draft.measured[domain.id] = domain.dirtyRates }
        var timed = draft.plan(from: measured, under: draft.problem.policy, seed: plan.seed)
        PlanNotes(draft).write(into: &timed)
        return timed
    }
}
