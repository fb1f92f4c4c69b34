import ClusterModel

/// Planning around failures, for newcomers and after a crash.
extension RunMachine {
    /// The answer to `Directive.plan`.
    mutating func planned(
        _ plan: MigrationPlan?, reason: String?, at time: Timestamp
    ) -> [Directive] {
        planning = .notNeeded
        let newcomers = occupied
        occupied = nil
        guard let plan else {
            stopForGood(newcomers, reason ?? "no plan could be made for the rest")
            return []
        }
        // Asked again, the same plan would come.
        if plan.outcome != .plan, newcomers != nil { newcomerRounds = bounds.newcomerRounds }
        if let reason = excess(of: plan) {
            stopForGood(newcomers, reason)
            return []
        }
        switch plan.outcome {
        case .plan where plansLeft > 0:
            plansLeft -= 1
            return [record(.planned(plan, goal: state.goal), at: time)]
        case .plan:
            stopForGood(
                newcomers,
                "planned again after failures \(bounds.plans) times, and something still failed"
            )
            return []
        case .infeasible where isLeftAsPlanned(plan):
            // All that cannot move was accepted when the run began.
            return [record(.planned(plan, goal: state.goal), at: time)]
        case .nothingToDo:
            // Adopting the empty plan closes what was pending and has become needless.
            return [record(.planned(plan, goal: state.goal), at: time)]
        case .infeasible:
            stopForGood(newcomers, "the rest cannot be planned: \(plan.blockers.summary)")
            return []
        }
    }

    /// Guests get slower on a host that is filled above its CPUs, and somebody has agreed to so
    /// much of it and no more.
    private func excess(of plan: MigrationPlan) -> String? {
        let known = [state.original.cpuShare, state.plan.cpuShare].compactMap { $0 }
        let confirmed = max(known.max() ?? 0, confirmedCPUShare, 10_000)
        guard state.goal == .forward, let share = plan.cpuShare, share > confirmed else {
            return nil
        }
        return "what is left can only be planned with a host at \(share / 100) % of its CPUs, and "
            + "\(confirmed / 100) % was agreed to: resume the run, and agree to "
            + "it, or free CPUs"
    }

    private mutating func stopForGood(_ newcomers: String?, _ reason: String) {
        stopReason = stopReason ?? [newcomers, reason].compactMap { $0 }.joined(separator: "; ")
    }

    private func isLeftAsPlanned(_ plan: MigrationPlan) -> Bool {
        state.goal == .forward && plan.steps.isEmpty && !plan.blockers.isEmpty
            && state.blockersBeyond(plan) == nil
    }
}
