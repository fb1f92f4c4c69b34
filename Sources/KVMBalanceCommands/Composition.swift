import Actuation
import ClusterModel
import Foundation
import HypervisorInterface
import Libvirt
import Operations
import PlacementPolicy
import Simulation

/// Where everything is wired: the fleet file becomes access to hosts, stores and policies.
struct Composition: Sendable {
    let hosts: FleetHosts
    let policies: FleetPolicies
    let stores: Stores
    /// The flags that a printed command needs to mean the same fleet file.
    let flags: CommandFlags
    let progress: any ProgressObserver
    let clock = WorldClock(now: Self.systemTime)

    init(_ options: GlobalOptions) throws {
        let file = try FleetFile.read(options.config)
        try self.init(
            file.fleet, in: URL(fileURLWithPath: file.path).deletingLastPathComponent(),
            CommandFlags(options))
    }

    /// `folder` is where the fleet's file lies, or would.
    init(_ fleet: Fleet, in folder: URL, _ flags: CommandFlags) throws {
        hosts = FleetHosts(fleet, try Self.accesses(to: fleet))
        policies = FleetPolicies(of: fleet, in: folder)
        stores = Stores(
            directory: URL(fileURLWithPath: fleet.database, relativeTo: folder).path)
        self.flags = flags
        progress = TerminalProgress(flags)
    }

    var fleet: Fleet { hosts.fleet }
    var now: @Sendable () -> Timestamp { clock.now }
    var observer: FleetObserver {
        FleetObserver(hosts: hosts, stores: stores, clock: clock, progress: progress)
    }
    func runs(_ flags: CommandFlags? = nil) throws -> RunService {
        try RunService(observer, policies, flags ?? self.flags)
    }
    func reboots(_ flags: CommandFlags? = nil) throws -> RebootService {
        try RebootService(
            observer, policies, flags ?? self.flags,
            commands: ShellCommands(shell: SecureShell.here), minuteOfDay: Self.minuteOfDay)
    }
    func plans(
        _ planning: PlanningOptions, _ migration: MigrationFlags
    ) async throws -> PlanService {
        try await plans(planning.choices(migration), snapshot: planning.snapshot)
    }

    func plans(_ choices: PlanningChoices, snapshot: String?) async throws -> PlanService {
        if snapshot == nil { try admitConnections() }
        return try await PlanService(observer, policies, choices)
    }

    /// Throws where this process may not have what connections to all real hosts cost.
    func admitConnections() throws {
        let real = fleet.hosts.filter { !SimulatedURI.isSimulated($0.uri) }
        try ConnectionCost(hosts: real.count).admit(within: .present)
    }

    static let systemTime: @Sendable () -> Timestamp = {
        Timestamp(milliseconds: Int64((Date().timeIntervalSince1970 * 1000).rounded(.down)))
    }

    /// By the time zone of this machine.
    static let minuteOfDay: @Sendable (Timestamp) -> Int = { time in
        let date = Date(timeIntervalSince1970: Double(time.milliseconds) / 1000)
        let parts = Calendar.current.dateComponents([.hour, .minute], from: date)
        return (parts.hour ?? 0) * 60 + (parts.minute ?? 0)
    }

    /// Closes whatever the process still holds open, right before it ends.
    static func end() async {
        Stores.closeAll()
        await OpenConnections.closeAll()
    }

    // MARK: Hosts

    private static func accesses(to fleet: Fleet) throws -> [HostName: HostAccess] {
        var accesses: [HostName: HostAccess] = [:]
        var simulations: [String: SimulatedFleet] = [:]
        let uris = Dictionary(
            fleet.hosts.map { ($0.name, $0.uri) }, uniquingKeysWith: { first, _ in first })
        let options = LibvirtOptions(
            contactLimit: fleet.connectTimeout.map { .seconds($0) })
        let identities: [HostName: any HostIdentity] = Dictionary(
            firstOf: fleet.hosts.map { ($0.name, KnownHost($0.name)) })
        for host in fleet.hosts {
            guard SimulatedURI.isSimulated(host.uri) else {
                accesses[host.name] = real(host, uris, identities, options)
                continue
            }
            guard let uri = SimulatedURI(host.uri) else {
                throw CommandError(
                    "host \(host.name): '\(host.uri)' is not a simulated host: write "
                        + "simulated:///path/fleet.json?host=NAME")
            }
            let simulation = simulations[uri.file] ?? SimulatedFleet(unread: uri.file)
            simulations[uri.file] = simulation
            accesses[host.name] = simulated(host, at: uri.host, in: simulation)
        }
        return accesses
    }

    private static func real(
        _ host: FleetHost, _ uris: [HostName: String], _ identities: [HostName: any HostIdentity],
        _ options: LibvirtOptions
    ) -> HostAccess {
        let (name, uri) = (host.name, host.uri)
        let identity = identities[name] ?? KnownHost(name)
        let connections = SharedConnections()
        let inspector = LibvirtHost(
            host: name, uri: uri, identity: identity, options: options, connections: connections)
        var connection = connection(
            to: host, inspector,
            LibvirtActuator(
                host: name, uri: uri, uris: uris, identities: identities,
                connections: connections),
            images: LibvirtImages(host: name, uri: uri, uris: uris, identities: identities),
            identity, inspector)
        connection.guestLog = QEMULog(host: name, uri: uri)
        return HostAccess(
            connection,
            memoryProbe: LibvirtDirtyRateProbe(of: inspector),
            prober: LibvirtConnectivityProbe(host: name, uri: uri),
            shell: SecureShell(host: name, uri: uri))
    }

    private static func simulated(
        _ host: FleetHost, at place: HostName, in fleet: SimulatedFleet
    ) -> HostAccess {
        let identity = KnownHost(host.name)
        let (inspector, actuator) = fleet.connection(
            for: place, named: host.name, identity: identity)
        return HostAccess(
            connection(
                to: host, inspector, actuator, images: actuator as? any ImageKeeper, identity,
                actuator),
            memoryProbe: fleet.probe(for: place, named: host.name))
    }

    private static func connection(
        to host: FleetHost, _ inspector: any HostInspector,
        _ actuator: any MigrationActuator, images: (any ImageKeeper)?,
        _ identity: any HostIdentity, _ leases: any LeaseKeeper
    ) -> HostConnection {
        var connection = HostConnection(
            inspector: inspector, actuator: actuator, controllerURI: host.uri,
            peerURI: host.peerURI ?? host.uri, migrateURI: host.migrateURI, images: images,
            identity: identity, leases: leases)
        connection.addresses = host.bareAddresses
        connection.tlsDestination = host.tlsDestination
        return connection
    }
}
