import ArgumentParser
import ClusterModel
import History
import Operations
import Replay

/// `kvmbalance record DIR`: what was measured as a folder, to be replayed or sent with a bug
/// report.
struct RecordCommand: FleetCommand {
    static let configuration = CommandConfiguration(
        commandName: "record",
        abstract: "Write a scenario folder from the metrics database.",
        discussion: """
            The folder has cluster.json, history.csv and, if there is a policy file, policy.yaml; \
            'kvmbalance simulate' plays it. It contains names of hosts and domains.
            """)

    @Argument(help: "The folder to create.", completion: .directory) var folder: String
    @Option(help: "Start: a date (2026-11-21) or an age (default: 1d).") var since = "1d"
    @Option(help: "End: a date or an age (default: now).") var until: String?
    @Option(
        help: "Policy to save in the folder (default: the fleet file's).",
        completion: FleetCompletion.yaml)
    var policy: String?
    @Flag(help: "Write over a scenario that is in the folder already.") var force = false
    @OptionGroup var options: GlobalOptions

    func execute() async throws -> Exit {
        try HistoryFolder(path: folder).refuseExisting(isForced: force)
        let composition = try Composition(options)
        let (start, end) = try HistoryTime.span(
            since: since, until: until, now: composition.now())
        let world = try await HistoryReader(composition.fleet, composition.stores)
            .world(from: start, to: end)
        let file = composition.policies.file(policy)
        try HistoryFolder(path: folder).write(
            world, policy: try file.map { try TextFile.read($0) })
        let history = world.history
        let text =
            "wrote \(folder): \(Format.plural(world.base.domains.count, "domain")) on "
            + "\(Format.plural(world.base.hosts.count, "host")), \(history.start) to \(history.end)"
        if isJSON {
            try Console.outJSON([
                "folder": folder, "from": "\(history.start)", "to": "\(history.end)",
            ])
        } else {
            Console.line(text)
        }
        return .done
    }
}
