package import ClusterModel
package import Telemetry

/// The reading door to one host: the collector and the planner hold nothing that could migrate.
///
/// Every call throws `HypervisorError` and returns within the time limit the implementation was
/// made with: a dead host costs that long and no longer.
package protocol HostInspector: Sendable {
    var host: HostName { get }

    /// Does beforehand what the next inventory would have to wait for. May fail in silence.
    func connect() async

    /// Facts of the host and of every domain on it, inactive ones too, with the migrations that
    /// leave this host now.
    func inventory() async throws -> HostInventory

    /// Raw counters, never waiting for a stuck monitor.
    func sample() async throws -> RawHostSample

    /// Names of all domains that have a process here, in whatever state: running, paused, crashed
    /// and kept, or arriving.
    func guests() async throws -> [String]

    /// How this domain appears here and now; `absent` is an answer, not an error.
    func sighting(of domain: DomainID) async throws -> DomainSighting

    /// Progress of the migration that leaves this host; nil when none is under way.
    func migrationProgress(of domain: DomainID) async throws -> MigrationProgress?

    /// Which of these CPUs can KVM guests have here? In order of kind; one that this host cannot
    /// judge is left out.
    func compare(_ guestCPUs: [String: String]) async throws -> [CPUAnswer]

    /// The CPU that a guest with `host-model` has here under `kvm` or `qemu`, as XML for
    /// `baseline`; nil where this host does not tell.
    func hostModelCPU(for virtualization: String) async throws -> String?

    /// The CPU with the most features that all of these have, as this host works it out; nil where
    /// it cannot.
    ///
    /// Source: `virConnectBaselineHypervisorCPU`.
    func baseline(of cpus: [String], for virtualization: String) async throws -> BaselineCPU?
}

extension HostInspector {
    package func connect() async {}

    /// A host that cannot compare CPUs.
    package func compare(_ guestCPUs: [String: String]) async throws -> [CPUAnswer] { [] }

    /// A host that does not tell its CPUs.
    package func hostModelCPU(for virtualization: String) async throws -> String? { nil }
    package func baseline(
        of cpus: [String], for virtualization: String
    ) async throws -> BaselineCPU? { nil }

    /// As an inventory tells.
    package func guests() async throws -> [String] {
        let inventory = try await inventory()
        return inventory.domains.filter {
            $0.state != .shutOff || inventory.migratingIn.contains($0.id)
        }.map(\.name)
    }
}

/// Everything one look at a host gives.
package struct HostInventory: Hashable, Codable, Sendable {
    package var host: HostName
    package var at: Timestamp
    package var facts: HostFacts
    package var domains: [DomainFacts]
    /// Domains that are leaving this host by a migration at this moment.
    package var migratingOut: [DomainID]
    /// Domains that are arriving here by a migration: they do not run here yet.
    package var migratingIn: [DomainID]
    /// What could not be read, for `hosts check`.
    package var warnings: [String]
    /// CPUs of KVM guests that run here, as libvirt's XML has them, by `GuestCPU.kind`: for
    /// `compare`.
    package var guestCPUs: [String: String]

    package init(
        host: HostName, at: Timestamp, facts: HostFacts, domains: [DomainFacts],
        migratingOut: [DomainID] = [], migratingIn: [DomainID] = [], warnings: [String] = [],
        guestCPUs: [String: String] = [:]
    ) {
        self.host = host
        self.at = at
        self.facts = facts
        self.domains = domains
        self.migratingOut = migratingOut
        self.migratingIn = migratingIn
        self.warnings = warnings
        self.guestCPUs = guestCPUs
    }
}
