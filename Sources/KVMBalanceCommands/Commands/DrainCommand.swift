import ArgumentParser
import ClusterModel
import Operations

/// `kvmbalance drain HOST…`: empties hosts and keeps them empty until `return` or `hosts enable`.
struct DrainCommand: ActingCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain", abstract: "Empty hosts of their running domains, for maintenance.")

    @Argument(help: "The hosts to empty.") var hosts: [String]
    @OptionGroup var acting: ActingOptions
    @OptionGroup var planning: PlanningOptions
    @OptionGroup var migration: MigrationFlags
    @OptionGroup var options: GlobalOptions

    var goal: PlanGoal {
        .drain(hosts.map { HostName($0) }, bestEffort: planning.bestEffort)
    }
}

/// `kvmbalance plan drain HOST…`.
struct PlanDrainCommand: PlanningCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain",
        abstract: "Show the plan to empty these hosts.")

    @Argument(help: "The hosts to empty.") var hosts: [String]
    @OptionGroup var planning: PlanningOptions
    @OptionGroup var migration: MigrationFlags
    @Option(help: "Save the plan to this file, for 'apply'.") var save: String?
    @OptionGroup var options: GlobalOptions

    var goal: PlanGoal {
        .drain(hosts.map { HostName($0) }, bestEffort: planning.bestEffort)
    }
}
