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
    /// The flags that a printed command needs to mean the same fleet file.
    let flags: CommandFlags
    /// Folder of the fleet file: what it names relatively is looked for here.
    private let folder: URL
    private let inspectors: [HostName: any HostInspector]
    private let actuators: [HostName: any MigrationActuator]
    private let probes: [HostName: any MemoryProbe]
    private let images: [HostName: any ImageKeeper]
    private let stores: Stores

    init(_ options: GlobalOptions) throws {
        let file = try FleetFile.read(options.config)
        fleet = file.fleet
        flags = CommandFlags(options)
        folder = URL(fileURLWithPath: file.path).deletingLastPathComponent()
        stores = Stores(
            directory: URL(fileURLWithPath: fleet.database, relativeTo: folder).path)
        (inspectors, actuators, probes) = try Self.doors(of: fleet)
        let uris = Dictionary(
            fleet.hosts.map { ($0.name, $0.uri) }, uniquingKeysWith: { first, _ in first })
        let real = fleet.hosts.filter { !SimulatedURI.isSimulated($0.uri) }
        images = Dictionary(
            real.map { ($0.name, LibvirtImages(host: $0.name, uri: $0.uri, uris: uris)) },
            uniquingKeysWith: { first, _ in first })
    }

    /// A reading, a writing and a measuring door for each host, real or simulated.
    private static func doors(
        of fleet: Fleet
    ) throws -> (
        [HostName: any HostInspector], [HostName: any MigrationActuator],
        [HostName: any MemoryProbe]
    ) {
        var probes: [HostName: any MemoryProbe] = [:]
        var inspectors: [HostName: any HostInspector] = [:]
        var actuators: [HostName: any MigrationActuator] = [:]
        var simulations: [String: SimulatedFleet] = [:]
        let uris = Dictionary(
            fleet.hosts.map { ($0.name, $0.uri) }, uniquingKeysWith: { first, _ in first })
        for host in fleet.hosts {
            guard SimulatedURI.isSimulated(host.uri) else {
                inspectors[host.name] = LibvirtHost(host: host.name, uri: host.uri)
                actuators[host.name] = LibvirtActuator(
                    host: host.name, uri: host.uri, uris: uris)
                probes[host.name] = LibvirtMemoryProbe(host: host.name, uri: host.uri)
                continue
            }
            guard let uri = SimulatedURI(host.uri) else {
                throw CommandError(
                    "host \(host.name): '\(host.uri)' is not a simulated host: write "
                        + "simulated:///path/fleet.json?host=NAME")
            }
            let simulation = simulations[uri.file] ?? SimulatedFleet(unread: uri.file)
            simulations[uri.file] = simulation
            (inspectors[host.name], actuators[host.name]) = simulation.door(
                for: uri.host, named: host.name)
            probes[host.name] = simulation.probe(for: uri.host, named: host.name)
        }
        return (inspectors, actuators, probes)
    }

    let now: @Sendable () -> Timestamp = {
        Timestamp(milliseconds: Int64((Date().timeIntervalSince1970 * 1000).rounded(.down)))
    }

    // MARK: The fleet

    /// In order of the fleet file.
    var allProbes: [any MemoryProbe] { fleet.hosts.compactMap { probes[$0.name] } }

    func probe(_ host: HostName) -> (any MemoryProbe)? { probes[host] }

    /// In order of the fleet file.
    var allInspectors: [any HostInspector] { fleet.hosts.compactMap { inspectors[$0.name] } }

    func require(hosts: [HostName]) throws {
        for host in hosts where inspectors[host] == nil {
            let known = fleet.hosts.map(\.name.rawValue).joined(separator: ", ")
            throw CommandError("there is no host '\(host)' in the fleet file; it has \(known)")
        }
    }

    func doors() -> [HostName: HostDoor] {
        var doors: [HostName: HostDoor] = [:]
        for host in fleet.hosts {
            guard let inspector = inspectors[host.name], let actuator = actuators[host.name]
            else { continue }
            doors[host.name] = HostDoor(
                inspector: inspector, actuator: actuator, controllerURI: host.uri,
                peerURI: host.peerURI ?? host.uri,
                migrateURI: "tcp://\(host.migrationAddress ?? host.address)",
                images: images[host.name])
            doors[host.name]?.addresses = [host.address, host.migrationAddress ?? host.address]
        }
        return doors
    }

    /// Opens connections for the first migrations from hosts that a run surely leaves, while the plan
    /// for it is made: between the plan and its first step they would cost time. A failure is
    /// reported then.
    func prepareToMigrate(from sources: [HostName]) {
        for source in sources.prefix(Self.preparedAtMost) {
            Task { await actuators[source]?.makeReady() }
        }
    }

    private static let preparedAtMost = 16

    /// For real hosts.
    var probers: [HostName: any HostProber] {
        Dictionary(
            fleet.hosts.filter { !SimulatedURI.isSimulated($0.uri) }.map {
                ($0.name, LibvirtProber(host: $0.name, uri: $0.uri))
            }, uniquingKeysWith: { first, _ in first })
    }

    // MARK: Files

    var databaseFolder: URL { URL(fileURLWithPath: fleet.database, relativeTo: folder) }
    func metrics() throws -> MetricsStore { try stores.openMetrics() }
    func journal() throws -> JournalStore { try stores.openJournal() }

    /// This file, else the fleet file's.
    func policyFile(_ path: String?) -> String? {
        path ?? fleet.policy.map { URL(fileURLWithPath: $0, relativeTo: folder).path }
    }

    /// The policy of this file, else the fleet file's, else the built-in one.
    func policy(_ path: String?) throws -> Policy {
        guard let file = policyFile(path) else {
            return Policy.default.adding(sharedStorage: fleet.sharedStorage)
        }
        let text = try TextFile.read(file)
        do {
            return try Policy(yaml: text).adding(sharedStorage: fleet.sharedStorage)
        } catch {
            throw CommandError("\(file): \(error)")
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
