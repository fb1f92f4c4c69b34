package import ClusterModel
package import HypervisorInterface
package import PlacementPolicy

/// All that an operation may ask of one host, real or simulated.
package struct HostAccess: Sendable {
    /// What a run needs: it reads, it migrates, and it says how others reach the host.
    package var connection: HostConnection
    /// Measures how fast guests rewrite their memory.
    package var memoryProbe: any DirtyRateProbe
    /// Tries out what cannot be read; nil for simulated hosts.
    package var prober: (any ConnectivityProbe)?
    /// Runs commands on the host; nil where its URI does not go over ssh.
    package var shell: (any HostShell)?

    package init(
        _ connection: HostConnection, memoryProbe: any DirtyRateProbe,
        prober: (any ConnectivityProbe)? = nil,
        shell: (any HostShell)? = nil
    ) {
        self.connection = connection
        self.memoryProbe = memoryProbe
        self.prober = prober
        self.shell = shell
    }
}

/// The hosts of a fleet file, with access to each.
package struct FleetHosts: Sendable {
    package let fleet: Fleet
    private let accesses: [HostName: HostAccess]

    package init(_ fleet: Fleet, _ accesses: [HostName: HostAccess]) {
        self.fleet = fleet
        self.accesses = accesses
    }

    package subscript(_ host: HostName) -> HostAccess? { accesses[host] }

    /// In order of the fleet file.
    package var names: [HostName] { fleet.hosts.map(\.name) }
    private var all: [HostAccess] { names.compactMap { accesses[$0] } }
    package var inspectors: [any HostInspector] { all.map(\.connection.inspector) }
    package var memoryProbes: [any DirtyRateProbe] { all.map(\.memoryProbe) }
    package var connections: [HostName: HostConnection] { accesses.mapValues(\.connection) }

    /// From now on these machines must answer where the hosts' names lead.
    package func expect(_ uuids: [HostName: String]) {
        for (host, uuid) in uuids { accesses[host]?.connection.identity?.expect(uuid) }
    }

    /// Throws the first of these hosts that the fleet file does not have.
    package func require(_ hosts: [HostName]) throws {
        for host in hosts where accesses[host] == nil {
            let known = names.map(\.rawValue).joined(separator: ", ")
            throw CommandError("there is no host '\(host)' in the fleet file; it has \(known)")
        }
    }

    /// Opens the connections to all hosts beside what is asked of a few of them first.
    package func prepareToLook() {
        for inspector in inspectors { Task { await inspector.connect() } }
    }

    /// Opens connections for the first migrations from hosts that a run surely leaves, while the
    /// plan for it is made: between the plan and its first step they would cost time. A failure is
    /// reported then.
    package func prepareToMigrate(from sources: [HostName]) {
        for source in sources.prefix(Self.preparedAtMost) {
            Task { await accesses[source]?.connection.actuator.makeReady() }
        }
    }

    private static let preparedAtMost = 16
}
