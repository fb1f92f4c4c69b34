package import ClusterModel
package import Execution

/// What taking a run up would do: steps to settle first, then a plan.
package struct RunRest {
    package let run: RunID
    package let state: RunState
    package let goal: RunGoal
    /// For what is left, or for the way back, from the world as it is; nil while it is not made.
    package private(set) var plan: MigrationPlan?
    /// Why there is no plan.
    package private(set) var doubt: String?

    init(run: RunID, state: RunState, goal: RunGoal) {
        self.run = run
        self.state = state
        self.goal = goal
    }

    /// Makes the plan. That it cannot be made hinders nobody from settling what is open.
    package mutating func plan(with service: PlanService) async {
        do {
            adopt(try await service.replan(goal, without: [], state: state))
        } catch {
            doubt = "\(error)"
        }
    }

    /// Peer-to-peer migrations outlive the process that began them. The run waits for its own, so
    /// that a plan which they alone forbid says nothing of what it will do.
    mutating func adopt(_ made: MigrationPlan) {
        let own = Set(state.openSteps.map(\.step.domainName))
        let isBlockedByThem =
            made.outcome == .infeasible
            && made.blockers.allSatisfy { blocker in
                blocker.reason == .busy && blocker.domain.map { own.contains($0) } ?? false
            }
        plan = isBlockedByThem ? nil : made
    }
}
