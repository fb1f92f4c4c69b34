import ClusterModel
import Execution
import Foundation
import HypervisorInterface
import Libvirt
import Persistence
import PlacementPolicy
import Simulation
import Telemetry

/// Where everything is wired: the fleet file becomes doors to hosts, stores and policies.
struct Composition: Sendable {
    let fleet: Fleet
    /// Folder of the fleet file: what it names relatively is looked for here.
    private let folder: URL
    private let inspectors: [HostName: any HostInspector]
    private let simulated: [HostName: SimulatedDoor]

    static let defaultFiles = ["kvmbalance.yaml", "/etc/kvmbalance/kvmbalance.yaml"]

    init(_ options: GlobalOptions) throws {
        let file = try Self.fleetFile(options.config)
        let text: String
        do {
            text = try String(contentsOfFile: file, encoding: .utf8)
        } catch {
            throw CommandError("\(file) can not be read: \(error.reason)")
        }
        do {
            fleet = try FleetReader.read(text)
        } catch {
            throw CommandError("\(file): \(error)")
        }
        folder = URL(fileURLWithPath: file).deletingLastPathComponent()
        var simulated: [HostName: SimulatedDoor] = [:]
        var inspectors: [HostName: any HostInspector] = [:]
        for host in fleet.hosts {
            if let door = try SimulatedDoor(host) {
                simulated[host.name] = door
                inspectors[host.name] = door.inspector
            } else {
                inspectors[host.name] = LibvirtHost(host: host.name, uri: host.uri)
            }
        }
        self.simulated = simulated
        self.inspectors = inspectors
    }

    private static func fleetFile(_ given: String?) throws -> String {
        if let given { return given }
        if let found = defaultFiles.first(where: { FileManager.default.fileExists(atPath: $0) }) {
            return found
        }
        throw CommandError(
            "no fleet file: write ./kvmbalance.yaml or /etc/kvmbalance/kvmbalance.yaml (the README "
                + "shows one), or name one with --config")
    }

    let now: @Sendable () -> Timestamp = {
        Timestamp(milliseconds: Int64((Date().timeIntervalSince1970 * 1000).rounded(.down)))
    }

    // MARK: The fleet

    /// In order of the fleet file.
    var allInspectors: [any HostInspector] { fleet.hosts.compactMap { inspectors[$0.name] } }

    func require(hosts: [HostName]) throws {
        for host in hosts where inspectors[host] == nil {
            let known = fleet.hosts.map(\.name.rawValue).joined(separator: ", ")
            throw CommandError("there is no host '\(host)' in the fleet file; it has \(known)")
        }
    }

    func doors() -> [HostName: HostDoor] {
        let uris = Dictionary(
            fleet.hosts.map { ($0.name, $0.uri) }, uniquingKeysWith: { first, _ in first })
        var doors: [HostName: HostDoor] = [:]
        for host in fleet.hosts {
            guard let inspector = inspectors[host.name] else { continue }
            let actuator: any MigrationActuator =
                simulated[host.name]?.actuator
                ?? LibvirtActuator(host: host.name, uri: host.uri, uris: uris)
            doors[host.name] = HostDoor(
                inspector: inspector, actuator: actuator, controllerURI: host.uri,
                peerURI: host.peerURI ?? host.uri,
                migrateURI: "tcp://\(host.migrationAddress ?? host.address)")
        }
        return doors
    }

    // MARK: Files

    var databaseFolder: URL { URL(fileURLWithPath: fleet.database, relativeTo: folder) }
    func metrics() throws -> MetricsStore { try MetricsStore(folder: databaseFolder.path) }
    func journal() throws -> JournalStore { try JournalStore(folder: databaseFolder.path) }

    /// The policy of this file, else the fleet file's, else the built-in one.
    func policy(_ path: String?) throws -> Policy {
        let file =
            path
            ?? fleet.policy.map { URL(fileURLWithPath: $0, relativeTo: folder).path }
        guard let file else { return Policy.default.adding(sharedStorage: fleet.sharedStorage) }
        do {
            return try Policy(yaml: try String(contentsOfFile: file, encoding: .utf8))
                .adding(sharedStorage: fleet.sharedStorage)
        } catch let error as PolicyError {
            throw CommandError("\(file): \(error)")
        } catch {
            throw CommandError("\(file) can not be read: \(error.reason)")
        }
    }

    /// All runs in order of start, folded.
    func runStates() async throws -> [(run: RunID, state: RunState)] {
        let journal = try journal()
        var states: [(RunID, RunState)] = []
        for run in try await journal.runs().sorted() {
            let records = try await journal.records(of: run)
            guard let plan = records.firstPlan else {
                throw CommandError(
                    "run \(run) in the journal has no plan: the journal is damaged", exit: .halted)
            }
            states.append((run, RunState(plan: plan, records: records)))
        }
        return states
    }
}

extension [JournalRecord] {
    /// The plan that the run was started for.
    fileprivate var firstPlan: MigrationPlan? {
        for record in self {
            if case .planned(let plan, _) = record.event { return plan }
        }
        return nil
    }
}
