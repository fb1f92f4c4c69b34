import ArgumentParser
import ClusterModel
import Operations

/// What a drain is about.
struct DrainArguments: ParsableArguments {
    @Argument(help: "The hosts to empty.", completion: FleetCompletion.host) var hosts: [String]
    @OptionGroup var targets: TargetOptions
    @Option(
        help: ArgumentHelp(
            "Leave this domain where it is, by name or UUID (may be repeated).",
            valueName: "domain"), completion: FleetCompletion.domain)
    var except: [String] = []
    @Option(
        help: ArgumentHelp(
            "Begin only what will be over by then: 22:00, 2026-11-21T22:00:00Z, or 45m from now.",
            valueName: "time"))
    var deadline: String?

    func goal(_ planning: PlanningOptions) -> PlanGoal {
        .drain(
            hosts.map { HostName($0) }, bestEffort: planning.bestEffort,
            wishes: targets.wishes(except: except))
    }
}

/// `kvmbalance drain HOST…`: empties hosts and keeps them empty until `return` or `hosts enable`.
struct DrainCommand: ActingCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain", abstract: "Empty hosts of their running domains, for maintenance.")

    @OptionGroup var drain: DrainArguments
    @OptionGroup var acting: ActingOptions
    @OptionGroup var waiting: WaitingOptions
    @OptionGroup var planning: PlanningOptions
    @OptionGroup var migration: MigrationFlags
    @OptionGroup var options: GlobalOptions

    var goal: PlanGoal { drain.goal(planning) }
    var deadlineWords: String? { drain.deadline }
}

/// `kvmbalance plan drain HOST…`.
struct PlanDrainCommand: PlanningCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain",
        abstract: "Show the plan to empty these hosts.")

    @OptionGroup var drain: DrainArguments
    @OptionGroup var planning: PlanningOptions
    @OptionGroup var migration: MigrationFlags
    @Option(
        help: "Save the plan to this file, for 'apply'.", completion: FleetCompletion.anyFile)
    var save: String?
    @OptionGroup var options: GlobalOptions

    var goal: PlanGoal { drain.goal(planning) }
    var deadlineWords: String? { drain.deadline }
}
