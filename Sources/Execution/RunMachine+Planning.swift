import ClusterModel

/// Planning around failures and after a crash.
extension RunMachine {
    /// The answer to `Directive.plan`.
    mutating func planned(
        _ plan: MigrationPlan?, reason: String?, at time: Timestamp
    ) -> [Directive] {
        planning = .notNeeded
        guard let plan else {
            stopReason = stopReason ?? (reason ?? "no plan could be made for the rest")
            return []
        }
        switch plan.outcome {
        case .plan where plansLeft > 0:
            plansLeft -= 1
            return [record(.planned(plan, goal: state.goal), at: time)]
        case .plan:
            stopReason =
                "planned again after failures \(bounds.plans) times, and something still failed"
            return []
        case .infeasible where isLeftAsPlanned(plan):
            // All that cannot move was accepted when the run began.
            return [record(.planned(plan, goal: state.goal), at: time)]
        case .nothingToDo:
            // Adopting the empty plan closes what was pending and has become needless.
            return [record(.planned(plan, goal: state.goal), at: time)]
        case .infeasible:
            stopReason = "the rest cannot be planned: \(summary(of: plan.blockers))"
            return []
        }
    }

    private func isLeftAsPlanned(_ plan: MigrationPlan) -> Bool {
        state.goal == .forward && plan.steps.isEmpty && !plan.blockers.isEmpty
            && blockersBeyondPlan(plan) == nil
    }

    /// What stays behind although the first plan meant to move it.
    func blockersBeyondPlan(_ plan: MigrationPlan) -> String? {
        guard state.goal == .forward else { return nil }
        let accepted = state.original.blockers.compactMap(\.domain)
        let fresh = plan.blockers.filter { blocker in
            blocker.domain.map { !accepted.contains($0) } ?? true
        }
        return fresh.isEmpty ? nil : "some domains stay: \(summary(of: fresh))"
    }

    func summary(of blockers: [Blocker]) -> String {
        blockers.map { blocker in
            "\(blocker.domain.map { "'\($0)': " } ?? "")\(blocker.detail)"
        }.joined(separator: "; ")
    }
}
