import ArgumentParser
import ClusterModel
import History
import Operations
import Replay

/// `kvmbalance record DIR`: what was measured as a folder, to be replayed or sent with a bug report.
struct RecordCommand: FleetCommand {
    static let configuration = CommandConfiguration(
        commandName: "record",
        abstract: "Write a scenario folder from the metrics database.",
        discussion: """
            The folder holds cluster.json, history.csv and policy.yaml; 'kvmbalance simulate' plays \
            it. It holds names of hosts and domains.
            """)

    @Argument(help: "The folder to make.") var folder: String
    @Option(help: "From when: a date, or so long ago (default 1d).") var since = "1d"
    @Option(help: "Until when: a date, or so long ago (default now).") var until: String?
    @Option(help: "The policy to put into the folder (default: the fleet file's).")
    var policy: String?
    @OptionGroup var options: GlobalOptions

    func execute() async throws -> Exit {
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
            Console.out(text)
        }
        return .done
    }
}
