import ArgumentParser
import ClusterModel
import Operations

/// Whom a move is about.
struct MoveArguments: ParsableArguments {
    @Argument(
        help: "The domains to move, by name or UUID.", completion: FleetCompletion.domain)
    var domains: [String]
    @OptionGroup var targets: TargetOptions

    func goal(_ planning: PlanningOptions) -> PlanGoal {
        .move(domains, bestEffort: planning.bestEffort, wishes: targets.wishes())
    }
}

/// `kvmbalance move DOMAIN… [--to HOST]`: takes single domains to a host, or to the best one.
struct MoveCommand: ActingCommand {
    static let configuration = CommandConfiguration(
        commandName: "move", abstract: "Move domains to a host, or each to the best one.",
        discussion: """
            Without --to each domain leaves its host. Nothing is put in maintenance, and 'return' \
            does not bring them back; 'runs rollback' does.
            """)

    @OptionGroup var move: MoveArguments
    @OptionGroup var acting: ActingOptions
    @OptionGroup var waiting: WaitingOptions
    @OptionGroup var planning: PlanningOptions
    @OptionGroup var migration: MigrationFlags
    @OptionGroup var options: GlobalOptions

    var goal: PlanGoal { move.goal(planning) }
}

/// `kvmbalance plan move DOMAIN… [--to HOST]`.
struct PlanMoveCommand: PlanningCommand {
    static let configuration = CommandConfiguration(
        commandName: "move", abstract: "Show the plan to move these domains.")

    @OptionGroup var move: MoveArguments
    @OptionGroup var planning: PlanningOptions
    @OptionGroup var migration: MigrationFlags
    @Option(
        help: "Save the plan to this file, for 'apply'.", completion: FleetCompletion.anyFile)
    var save: String?
    @OptionGroup var options: GlobalOptions

    var goal: PlanGoal { move.goal(planning) }
}
