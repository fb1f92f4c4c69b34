import ArgumentParser
import ClusterModel
import Operations

/// `kvmbalance consolidate [HOST…]`: empties hosts, as many as can be.
struct ConsolidateCommand: ActingCommand {
    static let configuration = CommandConfiguration(
        commandName: "consolidate",
        abstract: "Run the fleet on as few hosts as possible, with few moves.",
        discussion: """
            Emptied hosts are not put in maintenance: to keep them empty, 'kvmbalance hosts disable'.
            """)

    @Argument(
        help: "Hosts that may be emptied (default: all except the policy's consolidate.keep).",
        completion: FleetCompletion.host)
    var hosts: [String] = []
    @OptionGroup var acting: ActingOptions
    @OptionGroup var waiting: WaitingOptions
    @OptionGroup var planning: PlanningOptions
    @OptionGroup var migration: MigrationFlags
    @OptionGroup var options: GlobalOptions

    var goal: PlanGoal { .consolidate(hosts.map { HostName($0) }) }
}

/// `kvmbalance plan consolidate [HOST…]`.
struct PlanConsolidateCommand: PlanningCommand {
    static let configuration = CommandConfiguration(
        commandName: "consolidate",
        abstract: "Show the plan to run the fleet on as few hosts as possible.")

    @Argument(
        help: "Hosts that may be emptied (default: all except the policy's consolidate.keep).",
        completion: FleetCompletion.host)
    var hosts: [String] = []
    @OptionGroup var planning: PlanningOptions
    @OptionGroup var migration: MigrationFlags
    @Option(
        help: "Save the plan to this file, for 'apply'.", completion: FleetCompletion.anyFile)
    var save: String?
    @OptionGroup var options: GlobalOptions

    var goal: PlanGoal { .consolidate(hosts.map { HostName($0) }) }
}
