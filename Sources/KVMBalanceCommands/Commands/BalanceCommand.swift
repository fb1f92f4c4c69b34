import ArgumentParser
import ClusterModel
import Operations
import Rendering

/// How far a balance may go.
struct BalanceOptions: ParsableArguments {
    @Option(help: "Largest number of moves (default: the policy's balance.maxMoves).") var moves:
        Int?

    func validate() throws {
        if let moves, moves < 1 { throw ValidationError("--moves must be at least 1") }
    }
}

/// `kvmbalance balance`: relieves overloaded hosts and evens out the load.
struct BalanceCommand: ActingCommand {
    static let configuration = CommandConfiguration(
        commandName: "balance",
        abstract: "Relieve overloaded hosts, then even out the load with few moves.")

    @OptionGroup var balance: BalanceOptions
    @Flag(
        help: ArgumentHelp(
            "One timer tick, decided by the policy's 'rebalance' rules.",
            discussion: """
                Relieves hosts that were overloaded in several observations (each call is one); \
                moves no domain in its cool-down, and nothing that does not pay back; says why it waits.
                """))
    var timer = false
    @OptionGroup var acting: ActingOptions
    @OptionGroup var waiting: WaitingOptions
    @OptionGroup var planning: PlanningOptions
    @OptionGroup var migration: MigrationFlags
    @OptionGroup var options: GlobalOptions

    func validate() throws {
        if timer, acting.detach {
            throw ValidationError(
                "--timer is for a service, which waits for it: leave out --detach.")
        }
        if timer, waiting.waitForJobs != nil {
            throw ValidationError(
                "--timer comes again by itself: leave out --wait-for-jobs.")
        }
        if timer, planning.snapshot != nil || balance.moves != nil {
            throw ValidationError(
                "--timer works on the live fleet and within the policy's limits: leave "
                    + "out --snapshot and --moves.")
        }
    }

    var goal: PlanGoal { .balance(maxMoves: balance.moves) }

    func execute() async throws -> Exit {
        guard timer else { return try await act() }
        let composition = try Composition(options)
        let operation = GoalOperation(
            plans: try await composition.plans(planning, migration), runs: try composition.runs())
        let result = try await operation.tick(isShownOnly: acting.dryRun) {
            try agreed(to: $0, acting)
        }
        return try show(result, composition.flags)
    }
}

/// `kvmbalance plan balance`.
struct PlanBalanceCommand: PlanningCommand {
    static let configuration = CommandConfiguration(
        commandName: "balance", abstract: "Show the plan to relieve overload and even out the load."
    )

    @OptionGroup var balance: BalanceOptions
    @Flag(help: "Show what each number of moves would gain, instead of a plan.") var frontier =
        false
    @OptionGroup var planning: PlanningOptions
    @OptionGroup var migration: MigrationFlags
    @Option(
        help: "Save the plan to this file, for 'apply'.", completion: FleetCompletion.anyFile)
    var save: String?
    @OptionGroup var options: GlobalOptions

    var goal: PlanGoal { .balance(maxMoves: balance.moves) }

    func execute() async throws -> Exit {
        guard frontier else { return try await showPlan() }
        let plans = try await Composition(options).plans(planning, migration)
        let text = FrontierText(points: try await plans.frontier(maxMoves: balance.moves))
        if isJSON { try Console.outJSON(text.rows) } else { Console.out(text.text) }
        return .done
    }
}
