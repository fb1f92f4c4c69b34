package import ClusterModel
package import HypervisorInterface

/// The writing door to one real host, over libvirt.
///
/// Short orders have a lane, and so has each migration. All share connections with what reads the
/// host (`SharedConnections`), so that an order to abort never waits for migrations. A managed
/// migration, which is lost with its connection, has its own.
package final class LibvirtActuator: MigrationActuator {
    package let host: HostName
    let uri: String
    let options: LibvirtOptions
    /// URIs of the hosts as *this* process reaches them: for managed migrations, and to read on
    /// the target what a migration took.
    let uris: [HostName: String]
    /// Which machines must answer at these, and at its own.
    let identities: [HostName: any HostIdentity]
    let control: ConnectionLane
    private let shared: SharedConnections

    package init(
        host: HostName, uri: String, uris: [HostName: String] = [:],
        identities: [HostName: any HostIdentity] = [:], options: LibvirtOptions = LibvirtOptions(),
        connections: SharedConnections = SharedConnections()
    ) {
        self.host = host
        self.uri = uri
        self.uris = uris
        self.identities = identities
        self.options = options
        shared = connections
        control = Self.lane(host, uri, options, identities[host], seat: connections.take())
    }

    package func makeReady() async {
        // A failure is shown by the migration that meets it.
        try? await laneForMigration(.peerToPeer).call(
            "get ready to migrate", limit: options.controlLimit
        ) { _ in }
    }

    /// Maybe on a connection that is still on its way to being open.
    func laneForMigration(_ route: MigrationCall.Route) -> ConnectionLane {
        switch route {
        case .peerToPeer: Self.lane(host, uri, options, identities[host], seat: shared.take())
        case .managed: Self.lane(host, uri, options, identities[host])
        }
    }

    /// A run has more patience with a host than a person who looks.
    private static func lane(
        _ host: HostName, _ uri: String, _ options: LibvirtOptions,
        _ identity: (any HostIdentity)?, seat: SharedConnections.Seat? = nil
    ) -> ConnectionLane {
        ConnectionLane(
            host: host, uri: uri, identity: identity, contactLimit: options.controlLimit,
            seat: seat)
    }

    package func abortMigration(of domain: DomainID) async throws {
        try await order("abort migration", domain) { try $0.abortMigration() }
    }

    package func adjustMigration(
        of domain: DomainID, _ adjustment: MigrationAdjustment
    ) async throws {
        try await order("adjust migration", domain) { try $0.adjustMigration(adjustment) }
    }

    package func resume(_ domain: DomainID) async throws {
        try await order("resume", domain) { try $0.resume() }
    }

    package func destroyPausedCopy(of domain: DomainID) async throws {
        try await order("destroy paused copy", domain) { try $0.destroyPausedCopy() }
    }

    package func undefine(_ domain: DomainID) async throws {
        try await order("undefine", domain) { try $0.undefine() }
    }

    package func setAutostart(of domain: DomainID, to value: Bool) async throws {
        try await order("set autostart", domain) { try $0.setAutostart(value) }
    }

    private func order(
        _ operation: String, _ domain: DomainID,
        _ body: @escaping @Sendable (DomainHandle) throws -> Void
    ) async throws {
        try await control.call(operation, domain: domain, limit: options.controlLimit) {
            try body($0.domain(domain.rawValue))
        }
    }
}
