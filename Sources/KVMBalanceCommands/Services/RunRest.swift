import ClusterModel
import Execution

/// What taking a run up would do: steps to settle first, then a plan.
struct RunRest {
    let run: RunID
    let state: RunState
    let goal: RunGoal
    /// For what is left, or for the way back, from the world as it is; nil while it is not made.
    private(set) var plan: MigrationPlan?
    /// Why there is no plan.
    private var doubt: String?

    init(run: RunID, state: RunState, goal: RunGoal) {
        self.run = run
        self.state = state
        self.goal = goal
    }

    /// Makes the plan. That it cannot be made hinders nobody from settling what is open.
    mutating func plan(with service: PlanService) async {
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

    func text(width: Int?) -> String {
        var parts = [headline]
        if !open.isEmpty {
            parts.append(
                "First these steps are checked on both hosts and resolved:\n"
                    + open.joined(separator: "\n"))
        }
        if let plan {
            if !open.isEmpty {
                parts.append(
                    "Then the rest is planned again. As the hosts are now, that would be:")
            }
            parts.append(PlanText(plan: plan, width: width).text)
        } else if let doubt {
            parts.append("The rest cannot be planned now: \(doubt)")
        } else {
            parts.append("Then the rest is planned again.")
        }
        return parts.joined(separator: "\n\n")
    }

    var question: String {
        let migrations = plan.map { Format.plural($0.steps.count, "migration") }
        switch (open.isEmpty, migrations) {
        case (true, let migrations?): return "Carry out \(migrations)?"
        case (false, let migrations?):
            return
                "Resolve \(Format.plural(open.count, "step")), then run \(migrations) or the plan "
                + "made by then?"
        case (true, nil): return "Try it anyway?"
        case (false, nil): return "Resolve \(Format.plural(open.count, "step"))?"
        }
    }

    private var headline: String {
        let hosts = state.original.hosts.map(\.rawValue).joined(separator: ", ")
        let subject = hosts.isEmpty ? state.kind.rawValue : "\(state.kind.rawValue) \(hosts)"
        let way = goal == .rollback ? "is rolled back" : "goes on"
        let ended =
            state.outcome.map { outcome in
                "it ended \(outcome.state.rawValue)\(outcome.reason.map { ": \($0)" } ?? "")"
            } ?? "it was killed before it ended"
        return "Run \(run) (\(subject)) \(way); \(ended)."
    }

    /// Steps that were under way, a line each.
    private var open: [String] {
        state.openSteps.map { open in
            let (step, move) = (open.step, open.step.move)
            return "  \(step.domainName): was on its way from \(move.source) to \(move.target) "
                + "(step \(step.id))"
        }
    }
}
