package import ClusterModel
package import PlacementPolicy

/// The judge: looks at a plan with no knowledge of how it was made, slowly and obviously.
///
/// A plan may be shown or run only when this finds nothing. Limits on concurrent migrations are the
/// executor's matter: here every interleaving counts that the graph allows, with any number at
/// once.
package enum PlanChecker {
    /// Where `asked` is given, the plan must say that it was made for just that.
    package static func check(
        _ plan: MigrationPlan, on snapshot: ClusterSnapshot, under policy: Policy,
        asked: PlanWishes? = nil
    ) -> [Violation] {
        let outcome = OutcomeCheck.violations(plan) + WishCheck.violations(plan, asked: asked)
        // That a drain has nothing to do is a promise too: its hosts may be switched off. So it is
        // of a move: what was named is where it was asked for.
        let isPromise = plan.outcome == .nothingToDo && (plan.kind == .drain || plan.kind == .move)
        guard plan.outcome == .plan || isPromise else { return outcome }
        let measured = policy.measured(snapshot)
        let judged = CheckedCase(plan.withoutInPlace, InPlaceCheck.world(plan, measured), policy)
        if isPromise {
            return outcome + DrainCheck.violations(judged) + WishCheck.violations(judged)
        }
        let whole = CheckedCase(plan, measured, policy)
        let graph =
            GraphCheck.violations(whole) + ReferenceCheck.violations(judged)
            + BrokenRuleCheck.violations(plan, under: policy)
        // What follows reads the graph and the names, and would only add noise where those are
        // wrong.
        guard graph.isEmpty else { return outcome + graph }
        return outcome + InPlaceCheck.violations(whole, migrations: judged)
            + MobilityCheck.violations(judged) + TargetCheck.violations(judged)
            + CompatibilityCheck.violations(judged) + NameCheck.violations(judged)
            + ConsolePortCheck.violations(judged)
            + ConvergenceCheck.violations(judged)
            + CapacityCheck.violations(judged) + InterleavingSweep.violations(judged)
            + AffinityCheck.violations(judged) + OvershootCheck.violations(judged)
            + DrainCheck.violations(judged) + WishCheck.violations(judged)
            + BalanceCheck.violations(judged) + ConsolidateCheck.violations(judged)
            + NPlusOneCheck.violations(judged)
    }

    /// Judges a schedule of reboots: each of its plans in the world that those before it leave, and
    /// that every host has its turn.
    package static func check(
        _ reboot: RollingReboot, on snapshot: ClusterSnapshot, under policy: Policy
    ) -> [Violation] {
        RebootCheck.violations(reboot, policy.measured(snapshot), policy)
    }
}
