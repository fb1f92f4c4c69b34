import ClusterModel
import Execution
import Operations
import Rendering

/// How what operations return is shown: for people, or as JSON, with the exit code that it means.
extension FleetCommand {
    /// Prints a plan, saves it when asked, and says with the exit code whether it can be done.
    /// `policy` is the policy file of the command line, `looser` is what the command line asked for
    /// beyond it: whoever applies the plan asks for it again.
    func show(
        _ plan: MigrationPlan, save: String? = nil, policy: String? = nil,
        looser: [LooserOption] = []
    ) throws -> Exit {
        if let save { try JSON.save(plan, to: save) }
        if isJSON {
            try Console.outJSON(plan)
        } else {
            Console.out(PlanText(plan: plan, width: Console.width).text)
        }
        if let save, plan.outcome == .plan {
            let flags = [("policy", policy), ("config", options.config)].compactMap { name, file in
                file.map { " --\(name) \($0.quotedForShell)" }
            }
            let names = looser.map(\.name).joined(separator: ",")
            let accepted = names.isEmpty ? "" : " --accept-plan-options \(names)"
            let unsafe = plan.options.unsafe ? " --unsafe" : ""
            Console.errLine(
                "saved; to carry it out: kvmbalance apply \(save.quotedForShell)\(unsafe)"
                    + "\(accepted)\(flags.joined())")
        }
        return plan.outcome == .infeasible ? .infeasible : .done
    }

    /// Shows the plan and asks, unless told not to. Where the answer is no, the plan is the result.
    func agreed(to plan: MigrationPlan, _ acting: ActingOptions) throws -> Bool {
        try Consent(isGranted: acting.yes, isJSON: isJSON).isGiven(
            to: PlanText(plan: plan, width: Console.width).text,
            "Carry out \(plan.migrations)?", else: plan)
    }

    func show(_ report: RunReport) throws {
        if isJSON {
            try Console.outJSON(report)
        } else {
            Console.out(RunText(report: report, flags: CommandFlags(options).config).text)
        }
    }

    /// Shows how a run ended, and what became of its hosts.
    func show(_ ending: RunEnding, _ flags: CommandFlags) throws -> Exit {
        try show(ending.report)
        if let left = ending.left { Console.errLine(left.text(flags)) }
        return ending.exit
    }

    func show(_ result: GoalOperation.Result, _ flags: CommandFlags) throws -> Exit {
        switch result {
        case .shown(let plan): return try show(plan)
        case .declined: return .failed
        case .ended(let ending): return try show(ending, flags)
        case .waits(let reason, let seconds):
            if isJSON {
                try Console.outJSON(TimerWait(reason: reason, overSeconds: seconds))
            } else {
                Console.line("balance: nothing to do: \(reason) (\(ObservationText.text(seconds)))")
            }
            return .done
        }
    }
}

extension RunEnding.Left {
    /// With commands that work when they are pasted.
    func text(_ flags: CommandFlags) -> String {
        switch self {
        case .inMaintenance(let hosts):
            let names = hosts.map(\.rawValue).joined(separator: " ")
            return "\(names) stays in maintenance: nothing is sent there until 'kvmbalance return "
                + "\(names)\(flags.planning)' or 'kvmbalance hosts enable \(names)\(flags.config)'"
        case .empty(let hosts):
            let names = hosts.map(\.rawValue).joined(separator: " ")
            return "to keep \(names) empty, begin maintenance: kvmbalance hosts "
                + "disable \(names)\(flags.config)"
        }
    }
}

/// The answer of a timer's call that does nothing, with the fields of a plan.
private struct TimerWait: Encodable {
    var version = 1
    var kind = "balance"
    var outcome = "nothing-to-do"
    var steps: [String] = []
    var reason: String
    /// nil for the newest figures alone.
    var overSeconds: Int64?

    enum CodingKeys: String, CodingKey {
        case version, kind, outcome, steps, reason
        case overSeconds = "over_seconds"
    }
}
