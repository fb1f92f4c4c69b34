import ArgumentParser
import ClusterModel
import Operations

/// `kvmbalance return HOST…`: brings back exactly what the drain took away.
struct ReturnCommand: ActingCommand {
    static let configuration = CommandConfiguration(
        commandName: "return",
        abstract: "Bring back the domains that a drain moved away from these hosts.")

    @Argument(help: "The hosts that were drained.", completion: FleetCompletion.host) var hosts:
        [String]
    @OptionGroup var acting: ActingOptions
    @OptionGroup var waiting: WaitingOptions
    @OptionGroup var planning: PlanningOptions
    @OptionGroup var migration: MigrationFlags
    @OptionGroup var options: GlobalOptions

    var goal: PlanGoal { .return(hosts.map { HostName($0) }) }
}

/// `kvmbalance plan return HOST…`.
struct PlanReturnCommand: PlanningCommand {
    static let configuration = CommandConfiguration(
        commandName: "return", abstract: "Show the plan to bring a drain's domains back.")

    @Argument(help: "The hosts that were drained.", completion: FleetCompletion.host) var hosts:
        [String]
    @OptionGroup var planning: PlanningOptions
    @OptionGroup var migration: MigrationFlags
    @Option(
        help: "Save the plan to this file, for 'apply'.", completion: FleetCompletion.anyFile)
    var save: String?
    @OptionGroup var options: GlobalOptions

    var goal: PlanGoal { .return(hosts.map { HostName($0) }) }
}
