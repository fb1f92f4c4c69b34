package import ClusterModel

/// A plan, and what it was made from.
package struct PlanProposal {
    package let plan: MigrationPlan
    let draft: PlanDraft

    /// The plan that the same request has in a world that differs in nothing but how fast guests were
    /// measured to rewrite their memory, and in which nothing more is blocked for that: the moves are
    /// the same, and only their times are computed again.
    package func timed(by measured: ClusterSnapshot) -> MigrationPlan {
        guard plan.outcome == .plan else { return plan }
        var draft = draft
        for domain in measured.domains { draft.measured[domain.id] = domain.dirtyRates }
        var timed = draft.plan(from: measured, under: draft.problem.policy, seed: plan.seed)
        PlanNotes(draft).write(into: &timed)
        return timed
    }
}
