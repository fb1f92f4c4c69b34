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
            stopReason = "planned around failures \(bounds.plans) times, and still something failed"
            return []
        case .nothingToDo:
            // Adopting the empty plan closes what was pending and has become needless.
            let left = blockersBeyondPlan(plan)
            if let left { stopReason = left }
            return [record(.planned(plan, goal: state.goal), at: time)]
        case .infeasible:
            stopReason = "the rest can not be planned: \(summary(of: plan.blockers))"
            return []
        }
    }

    /// What stays behind although the first plan meant to move it.
    private func blockersBeyondPlan(_ plan: MigrationPlan) -> String? {
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
