package import ClusterModel
package import HypervisorInterface
package import PlacementPolicy

/// All that an operation may ask of one host, real or simulated.
package struct HostConnection: Sendable {
    /// What a run needs: it reads, it migrates, and it says how others reach the host.
    package var door: HostDoor
    /// Measures how fast guests rewrite their memory.
    package var memoryProbe: any MemoryProbe
    /// Tries out what cannot be read; nil for simulated hosts.
    package var prober: (any HostProber)?
    /// Runs commands on the host; nil where its URI does not go over ssh.
    package var shell: (any HostShell)?

    package init(
        _ door: HostDoor, memoryProbe: any MemoryProbe, prober: (any HostProber)? = nil,
        shell: (any HostShell)? = nil
    ) {
        self.door = door
        self.memoryProbe = memoryProbe
        self.prober = prober
        self.shell = shell
    }
}

/// The hosts of a fleet file, with a connection to each.
package struct FleetHosts: Sendable {
    package let fleet: Fleet
    private let connections: [HostName: HostConnection]

    package init(_ fleet: Fleet, _ connections: [HostName: HostConnection]) {
        self.fleet = fleet
        self.connections = connections
    }

    package subscript(_ host: HostName) -> HostConnection? { connections[host] }

    /// In order of the fleet file.
    package var names: [HostName] { fleet.hosts.map(\.name) }
    private var all: [HostConnection] { names.compactMap { connections[$0] } }
    package var inspectors: [any HostInspector] { all.map(\.door.inspector) }
    package var memoryProbes: [any MemoryProbe] { all.map(\.memoryProbe) }
    package var doors: [HostName: HostDoor] { connections.mapValues(\.door) }

    /// Throws the first of these hosts that the fleet file does not have.
    package func require(_ hosts: [HostName]) throws {
        for host in hosts where connections[host] == nil {
            let known = names.map(\.rawValue).joined(separator: ", ")
            throw CommandError("there is no host '\(host)' in the fleet file; it has \(known)")
        }
    }

    /// Opens connections for the first migrations from hosts that a run surely leaves, while the
    /// plan for it is made: between the plan and its first step they would cost time. A failure is
    /// reported then.
    package func prepareToMigrate(from sources: [HostName]) {
        for source in sources.prefix(Self.preparedAtMost) {
            Task { await connections[source]?.door.actuator.makeReady() }
        }
    }

    private static let preparedAtMost = 16
}
