import ClusterModel
import Execution
package import Operations

/// What taking a run up would do, as people read it.
extension RunRest {
    package func text(width: Int?) -> String {
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

    package var question: String {
        let migrations = plan?.migrations
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
        let subject = state.original.subject
        let way = goal == .rollback ? "is rolled back" : "goes on"
        let ended =
            state.outcome.map { outcome in
                "it ended \(outcome.state.rawValue)\(outcome.reason.map { ": \($0)" } ?? "")"
            } ?? "it was killed before it ended"
        return Format.oneLine("Run \(run) (\(subject)) \(way); \(ended).")
    }

    /// Steps that were under way, a line each.
    private var open: [String] {
        state.openSteps.map { open in
            let (step, move) = (open.step, open.step.move)
            guard !step.mode.isInPlace else {
                return Format.oneLine(
                    "  \(step.domainName): \(step.mode.rawValue) on \(move.source) was begun "
                        + "(step \(step.id))")
            }
            return Format.oneLine(
                "  \(step.domainName): was on its way from \(move.source) to \(move.target) "
                    + "(step \(step.id))")
        }
    }
}
