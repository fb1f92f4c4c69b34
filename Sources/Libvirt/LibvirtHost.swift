internal import CLibvirt
package import ClusterModel
import Foundation
package import HypervisorInterface
import Synchronization
package import Telemetry

/// The reading door to one real host, over libvirt.
///
/// It has three lanes, opened when first needed, because a slow inventory must not hold up a sample
/// or a look at a migration:
/// - sampling, with a connection for itself, always read-only;
/// - inspection, on a connection that migrations from this host share (`SharedConnections`),
///   writable unless the options say otherwise (see `LibvirtOptions`), with events and dirty rates,
///   which are measured over it too;
/// - watching: sightings and progress. It takes over the lane of the inspection before it, which is
///   idle once the plan stands, so that a run need not wait for one more; a later inventory opens
///   another.
package final class LibvirtHost: HostInspector, LifecycleSource {
    package let host: HostName
    let options: LibvirtOptions
    let uri: String
    private let identity: (any HostIdentity)?
    private let shared: SharedConnections
    private let sampling: ConnectionLane
    private let lanes = Mutex(Lanes())
    private let topology = CellTopology()

    private struct Lanes {
        var inspection: ConnectionLane?
        var watching: ConnectionLane?
    }

    package init(
        host: HostName, uri: String, identity: (any HostIdentity)? = nil,
        options: LibvirtOptions = LibvirtOptions(),
        connections: SharedConnections = SharedConnections()
    ) {
        self.host = host
        self.uri = uri
        self.identity = identity
        self.options = options
        shared = connections
        sampling = ConnectionLane(
            host: host, uri: uri, readOnly: true, identity: identity,
            contactLimit: options.contactLimit)
    }

    var inspection: ConnectionLane {
        lanes.withLock { lanes in
            let lane = lanes.inspection ?? inspectionLane()
            lanes.inspection = lane
            return lane
        }
    }

    private var watching: ConnectionLane {
        lanes.withLock { lanes in
            if let lane = lanes.watching { return lane }
            let lane = lanes.inspection ?? inspectionLane()
            (lanes.inspection, lanes.watching) = (nil, lane)
            return lane
        }
    }

    /// The one of these two that is open, for a short question that need not be the first.
    var questions: ConnectionLane { lanes.withLock(\.watching) ?? inspection }

    private func inspectionLane() -> ConnectionLane {
        ConnectionLane(
            host: host, uri: uri, readOnly: options.inspectsReadOnly, identity: identity,
            contactLimit: options.contactLimit,
            seat: options.inspectsReadOnly ? nil : shared.take())
    }

    package func connect() async {
        // A failure is shown by the inventory that meets it.
        try? await inspection.call("connect", limit: options.inventoryLimit) { _ in }
    }

    package func inventory() async throws -> HostInventory {
        let host = host
        return try await inspection.call("read inventory", limit: options.inventoryLimit) {
            try InventoryReader(connection: $0, host: host).read()
        }
    }

    package func compare(_ guestCPUs: [String: String]) async throws -> [CPUAnswer] {
        try await inspection.call("compare CPUs", limit: options.inventoryLimit) { connection in
            try guestCPUs.sorted { $0.key < $1.key }.compactMap { kind, xml in
                try connection.answer(about: xml, kind: kind)
            }
        }
    }

    /// On the connection that reads inventories: it is idle most of the time.
    package func listen(_ changed: @escaping @Sendable () -> Void) async throws {
        try await inspection.call("listen to domains", limit: options.lookLimit) {
            $0.listen(changed)
        }
    }

    package func sample() async throws -> RawHostSample {
        let (host, topology) = (host, topology)
        return try await sampling.call("sample", limit: options.sampleLimit) {
            try SampleReader.read($0, host: host, topology: topology)
        }
    }

    /// One call, which reads no XML: a domain that we cannot read has a process too.
    package func guests() async throws -> [String] {
        try await watching.call("list domains", limit: options.lookLimit) {
            try $0.domains(VIR_CONNECT_LIST_DOMAINS_ACTIVE.rawValue).map(\.name)
        }
    }

    package func sighting(of domain: DomainID) async throws -> DomainSighting {
        do {
            return try await watching.call(
                "look at domain", domain: domain, limit: options.lookLimit
            ) {
                try SightingReader.read($0, domain)
            }
        } catch let error as HypervisorError {
            // Not to know is an answer here: whoever asks must not take it for absence.
            return DomainSighting(.unknown, detail: "\(error)")
        }
    }

    /// A short question about a domain, beside samples and inventories.
    func watch<Value: Sendable>(
        _ operation: String, _ domain: DomainID,
        _ body: @escaping @Sendable (ConnectionHandle) throws -> Value
    ) async throws -> Value {
        try await watching.call(operation, domain: domain, limit: options.lookLimit, body)
    }

    package func migrationProgress(of domain: DomainID) async throws -> MigrationProgress? {
        try await watching.call(
            "read migration progress", domain: domain, limit: options.lookLimit
        ) { connection in
            do {
                let handle = try connection.domain(domain.rawValue)
                // A monitor that is busy with anything but a long job is not migrating
                // (qemuDomainGetControlInfo), and to ask would be to wait for it.
                if case .busy = try handle.monitorTrouble() { return nil }
                return try handle.migrationJob()?.progress
            } catch let failure as LibvirtFailure where failure.meansNoJob {
                return nil
            }
        }
    }
}

extension Timestamp {
    /// This machine's clock, in this target of effects.
    static var now: Timestamp {
        Timestamp(milliseconds: Int64((Date().timeIntervalSince1970 * 1000).rounded()))
    }
}
