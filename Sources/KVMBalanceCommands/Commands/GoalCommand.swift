import ArgumentParser
import ClusterModel
import Operations

/// A command about a goal. Each goal has two: `drain` reaches it, `plan drain` shows what that
/// would take. They differ in nothing but that.
protocol GoalCommand: FleetCommand {
    var goal: PlanGoal { get }
    var planning: PlanningOptions { get }
    var migration: MigrationFlags { get }
}

/// The flags of a command that acts.
struct ActingOptions: ParsableArguments {
    @Flag(name: [.short, .long], help: "Do not ask.") var yes = false
    @Flag(help: "Stop after showing the plan.") var dryRun = false
    @Flag(help: "Once the run has begun, let it go on in the background ('runs watch').")
    var detach = false

    func validate() throws {
        if detach, dryRun {
            throw ValidationError("--dry-run begins no run: leave out --detach.")
        }
    }
}

/// Plan it, show it, ask, run it.
protocol ActingCommand: GoalCommand {
    var acting: ActingOptions { get }
}

extension ActingCommand {
    func execute() async throws -> Exit { try await act() }

    func act() async throws -> Exit {
        if planning.snapshot != nil, !acting.dryRun {
            throw CommandError(
                "a saved snapshot can be planned from but not executed: add --dry-run, or "
                    + "leave out --snapshot")
        }
        let composition = try Composition(options)
        let plans = try await composition.plans(planning, migration)
        guard !acting.dryRun else { return try show(try await plans.plan(goal)) }
        let flags = CommandFlags(migration, planning, options)
        let operation = GoalOperation(plans: plans, runs: try composition.runs(flags))
        return try show(
            try await operation.carryOut(goal) { try agreed(to: $0, acting) }, flags)
    }
}

/// Plan it and show it.
protocol PlanningCommand: GoalCommand {
    var save: String? { get }
}

extension PlanningCommand {
    func execute() async throws -> Exit { try await showPlan() }

    func showPlan() async throws -> Exit {
        let plans = try await Composition(options).plans(planning, migration)
        return try show(try await plans.plan(goal), save: save, policy: planning.policy)
    }
}
