import ArgumentParser
import ClusterModel
import Operations
import Persistence
import Rendering
import Telemetry

/// `kvmbalance status [HOST] [--watch]`.
struct StatusCommand: FleetCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Hosts with their load, domains under them, migrations.")
    @Argument(help: "Only this host.") var host: String?
    @Flag(help: "Refresh every 2 s until Ctrl-C.") var watch = false
    @OptionGroup var options: GlobalOptions

    func validate() throws {
        if watch && options.output == .json {
            throw ValidationError(
                "--watch refreshes the display, and --output json is one document: "
                    + "leave one of them out.")
        }
    }

    func execute() async throws -> Exit {
        let composition = try Composition(options)
        try composition.admitConnections()
        let name = host.map { HostName($0) }
        if let name { try composition.hosts.require([name]) }
        repeat {
            let snapshot = try await composition.observer.snapshot(
                try composition.policies.policy(nil))
            let live = try await composition.stores.metrics().liveFigures(
                at: composition.now())
            // What cannot be read of it stands in the way of nothing here.
            let reboot = try? await composition.reboots().underWay()
            if isJSON {
                try Console.outJSON(
                    StatusDocument(snapshot: snapshot, live: live, reboot: reboot))
                return .done
            }
            if watch { Console.clear() }
            Console.out(
                StatusText(
                    snapshot: snapshot, live: live, only: name, now: composition.now(),
                    width: Console.width, flags: composition.flags,
                    reboot: reboot
                ).text)
            if watch { try await Task.sleep(for: .seconds(2)) }
        } while watch
        return .done
    }
}

/// The snapshot's own fields, and beside them what the newest samples show.
private struct StatusDocument: Encodable {
    var snapshot: ClusterSnapshot
    var live: LiveFigures
    /// The rolling reboot that is not over.
    var reboot: RebootReport?

    private enum CodingKeys: String, CodingKey { case live, reboot }

    func encode(to encoder: any Encoder) throws {
        try snapshot.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(live, forKey: .live)
        try container.encodeIfPresent(reboot, forKey: .reboot)
    }
}

/// `kvmbalance snapshot [--save FILE]`.
struct SnapshotCommand: FleetCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot", abstract: "The cluster snapshot as JSON: the planner's input.")
    @Option(help: "Write it to this file instead of standard output.") var save: String?
    @OptionGroup var options: GlobalOptions

    func execute() async throws -> Exit {
        let composition = try Composition(options)
        try composition.admitConnections()
        let snapshot = try await composition.observer.snapshot(
            try composition.policies.policy(nil))
        if let save { try JSON.save(snapshot, to: save) }
        if save == nil || isJSON { try Console.outJSON(snapshot) }
        return .done
    }
}
