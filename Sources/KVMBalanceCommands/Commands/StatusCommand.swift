import ArgumentParser
import ClusterModel
import Execution
import Operations
import Persistence
import Rendering
import Telemetry

/// `kvmbalance status [HOST] [--watch]`.
struct StatusCommand: FleetCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Hosts with their load, domains under them, migrations.")
    @Argument(help: "Only this host.", completion: FleetCompletion.host) var host: String?
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
            let stopped = try? await composition.runs().stoppedGuests(
                on: snapshot.hosts.map(\.name))
            if isJSON {
                try Console.outJSON(
                    StatusDocument(
                        snapshot: snapshot, live: live, reboot: reboot,
                        stopped: stopped.map { runs in
                            runs.isEmpty
                                ? nil
                                : Dictionary(
                                    uniqueKeysWithValues: runs.map { ($0.key.rawValue, $0.value) })
                        } ?? nil))
                return .done
            }
            if watch { Console.clear() }
            Console.out(
                StatusText(
                    snapshot: snapshot, live: live, only: name, now: composition.now(),
                    width: Console.width, flags: composition.flags,
                    reboot: reboot, stopped: stopped ?? [:]
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
    /// Runs that stopped guests which are to be started by `return`, by the guest's UUID.
    var stopped: [String: RunID]?

    private enum CodingKeys: String, CodingKey { case live, reboot, stopped }

    func encode(to encoder: any Encoder) throws {
        try snapshot.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(live, forKey: .live)
        try container.encodeIfPresent(reboot, forKey: .reboot)
        try container.encodeIfPresent(stopped, forKey: .stopped)
    }
}

/// `kvmbalance snapshot [--save FILE]`.
struct SnapshotCommand: FleetCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot", abstract: "The cluster snapshot as JSON: the planner's input.")
    @Option(
        help: "Write it to this file instead of standard output.",
        completion: FleetCompletion.anyFile)
    var save: String?
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
