import ClusterModel
import PlacementPolicy
import PlanChecking
import Planning

/// What the same worlds are asked besides their own requests.
extension FuzzRun {
    /// `plan` is what came of the problem as it stands.
    mutating func vary(_ problem: FuzzProblem, _ plan: MigrationPlan) {
        guard let variation = problem.variation else { return }
        let varied = problem.varied(variation)
        switch variation {
        case .spareRoom(let rule):
            let kept = planned(varied, "N+1 \(rule.rawValue), ")
            // What cannot be done at all cannot be done with room to spare either.
            if case .drain(_, bestEffort: false) = problem.request.goal,
                plan.outcome == .infeasible, kept.outcome != .infeasible
            {
                fail(problem.number, "a drain is feasible with N+1 \(rule.rawValue) alone")
            }
        case .preferred: prefer(varied, than: plan)
        case .consolidate: consolidate(varied)
        case .rollingReboot: reboot(varied)
        case .move, .wishes: askOracle(planned(varied, ""), varied)
        }
    }

    /// `required` is the plan for the same where all rules are required.
    private mutating func prefer(_ problem: FuzzProblem, than required: MigrationPlan) {
        let plan = planned(problem, "preferred, ")
        if !plan.brokenRules.isEmpty { count("preferred rules broken") }
        if required.outcome != .infeasible, required.blockers.isEmpty,
            plan.steps != required.steps || !plan.brokenRules.isEmpty
        {
            fail(problem.number, "rules that can be kept make another plan where preferred")
        }
        guard case .drain(_, bestEffort: false) = problem.request.goal else { return }
        let all = Set(problem.policy.preferred.map(\.id))
        let free = Planner.plan(
            problem.request, from: problem.snapshot, under: problem.policy.breaking(all),
            seed: problem.number, effort: effort)
        if (free.outcome == .infeasible) != (plan.outcome == .infeasible) {
            fail(problem.number, "\(plan.outcome) with preferred rules, \(free.outcome) without")
        }
    }

    private mutating func consolidate(_ problem: FuzzProblem) {
        let plan = planned(problem, "")
        guard plan.outcome == .plan else { return }
        // Where moves are limited there may be more to do next time.
        guard problem.policy.consolidate.maxMoves == nil else { return }
        var policy = problem.policy
        policy.consolidate.minEmptied = 1
        let again = Planner.plan(
            problem.request, from: problem.snapshot.applying(plan.moves), under: policy,
            seed: problem.number, effort: effort)
        if again.outcome != .nothingToDo {
            fail(problem.number, "more is emptied once the plan is carried out: \(again.hosts)")
        }
    }

    private mutating func reboot(_ problem: FuzzProblem) {
        let reboot = Planner.rollingReboot(
            bestEffort: true, from: problem.snapshot, under: problem.policy, seed: problem.number,
            effort: effort)
        count("rolling reboot: \(reboot.outcome.rawValue)")
        for violation in PlanChecker.check(reboot, on: problem.snapshot, under: problem.policy) {
            fail(problem.number, "the judge says of the rolling reboot: \(violation)")
        }
        if reboot.rounds.count < reboot.fewestRounds {
            fail(problem.number, "fewer rounds than the bound")
        }
        for round in reboot.rounds {
            add(round.away)
            if let back = round.back { add(back) }
        }
    }
}
