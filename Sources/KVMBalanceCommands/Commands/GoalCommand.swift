import ArgumentParser
import ClusterModel
import Operations
import PlacementPolicy

/// A command about a goal. Each goal has two: `drain` reaches it, `plan drain` shows what that
/// would take. They differ in nothing but that.
protocol GoalCommand: FleetCommand {
    var goal: PlanGoal { get }
    var planning: PlanningOptions { get }
    var migration: MigrationFlags { get }
    /// By when it is to be over; nil where nobody said so.
    var deadlineWords: String? { get }
}

extension GoalCommand {
    var deadlineWords: String? { nil }

    func deadline(_ composition: Composition) throws -> DrainDeadline? {
        try deadlineWords.map {
            try DrainDeadline(
                $0, at: composition.now(), minuteOfDay: Composition.minuteOfDay)
        }
    }
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

/// What is waited for before a plan is given up.
struct WaitingOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Wait this long for backups and other jobs on guests to end, instead of refusing.",
            valueName: "time"))
    var waitForJobs: String?

    /// nil where nothing is waited for.
    var jobSeconds: Int64? { waitForJobs.flatMap { Quantity.seconds($0) } }

    func validate() throws {
        if let waitForJobs, jobSeconds.map({ $0 > 0 }) != true {
            throw ValidationError(
                "--wait-for-jobs '\(waitForJobs)' is not a time such as 30m.")
        }
    }

    func refuse(with acting: ActingOptions) throws {
        if waitForJobs != nil, acting.dryRun {
            throw CommandError("--dry-run waits for nothing: leave out --wait-for-jobs")
        }
    }
}

/// Plan it, show it, ask, run it.
protocol ActingCommand: GoalCommand {
    var acting: ActingOptions { get }
    var waiting: WaitingOptions { get }
}

extension ActingCommand {
    func execute() async throws -> Exit { try await act() }

    func act() async throws -> Exit {
        if planning.snapshot != nil, !acting.dryRun {
            throw CommandError(
                "a saved snapshot can be planned from but not executed: add --dry-run, or "
                    + "leave out --snapshot")
        }
        try waiting.refuse(with: acting)
        let composition = try Composition(options)
        let deadline = try deadline(composition)
        let plans = try await composition.plans(planning, migration)
        guard !acting.dryRun else {
            return try show(
                try await plans.held(try await plans.plan(goal), to: deadline, for: goal))
        }
        let flags = CommandFlags(migration, planning, options)
        let operation = GoalOperation(plans: plans, runs: try composition.runs(flags))
        return try show(
            try await operation.carryOut(
                goal, waitingForJobs: waiting.jobSeconds, by: deadline
            ) {
                try agreed(to: $0, acting)
            }, flags)
    }
}

/// Plan it and show it.
protocol PlanningCommand: GoalCommand {
    var save: String? { get }
}

extension PlanningCommand {
    func execute() async throws -> Exit { try await showPlan() }

    func showPlan() async throws -> Exit {
        let composition = try Composition(options)
        let deadline = try deadline(composition)
        let plans = try await composition.plans(planning, migration)
        let plan = try await plans.held(try await plans.plan(goal), to: deadline, for: goal)
        return try show(
            plan, save: save, policy: planning.policy,
            looser: LooserOption.all(in: plan, comparedWith: plans.policyAtHand))
    }
}
