package import ClusterModel
import HypervisorInterface
import Synchronization

/// The writing door to one real host, over libvirt.
///
/// Short orders go over one connection for control. Each migration has its own connection
/// and thread, opened for it and closed after it: the call occupies one of the five requests that
/// libvirtd serves of a connection for as long as it lasts, so that on a shared connection the
/// fifth migration would block the order to abort the first; and a broken one affects no other.
package final class LibvirtActuator: MigrationActuator {
    package let host: HostName
    let uri: String
    let options: LibvirtOptions
    /// URIs of the hosts as *this* process reaches them: for managed migrations, and to read on
    /// the target what a migration took.
    let uris: [HostName: String]
    let control: ConnectionLane
    /// For the next migration, opened beforehand.
    private let spare = Mutex<ConnectionLane?>(nil)

    package init(
        host: HostName, uri: String, uris: [HostName: String] = [:],
        options: LibvirtOptions = LibvirtOptions()
    ) {
        self.host = host
        self.uri = uri
        self.uris = uris
        self.options = options
        control = Self.lane(host, uri, options)
    }

    package func makeReady() async {
        let lane = Self.lane(host, uri, options)
        spare.withLock { $0 = lane }
        do {
            try await lane.call("get ready to migrate", limit: options.controlLimit) { _ in }
        } catch {
            spare.withLock { if $0 === lane { $0 = nil } }
        }
    }

    /// The connection for one migration, maybe still on its way to being open.
    func laneForMigration() -> ConnectionLane {
        spare.withLock { $0.take() } ?? Self.lane(host, uri, options)
    }

    /// A run has more patience with a host than a person who looks.
    private static func lane(
        _ host: HostName, _ uri: String, _ options: LibvirtOptions
    ) -> ConnectionLane {
        ConnectionLane(host: host, uri: uri, contactLimit: options.controlLimit)
    }

    package func abortMigration(of domain: DomainID) async throws {
        try await order("abort migration", domain) { try $0.abortJob() }
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
