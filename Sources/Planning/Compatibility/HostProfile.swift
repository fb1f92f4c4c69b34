import ClusterModel
import PlacementPolicy

/// All of a host that decides which guests it can run, so that hosts alike are looked at once.
struct HostProfile: Hashable {
    var cpuArchitecture: String
    var cpuModel: String?
    var cpuVendor: String?
    var cpuFeatures: [String]
    var cells: [Int]
    var hugePageSizes: [Bytes]
    var guestSupport: [GuestSupport]
    var networks: [String]
    var bridges: [String]?
    /// What the policy's networks are called here, in its order.
    var interfaceNames: [String]
    var pools: [StoragePool]
    var inactivePools: [StoragePool]
    /// nil when not read.
    var secrets: [HostSecret]?
    /// What `hosts check` proved, by path, and the paths where that is too old.
    var proven: [String: String]
    var outdated: [String]
    var securityModel: String?
    /// QEMU's version where the policy asks for compression threads and it has none.
    var lacksCompressionThreads: String?
    /// Paths that the operator declared shared and that cover this host.
    var declaredPaths: [SharedStorage]

    /// QEMU's first version without the capability `compress` (its docs/about/removed-features).
    private static let threadsRemoved = 9_001_000

    /// nil for a host that was never read.
    init?(_ host: Host, under policy: Policy) {
        guard let facts = host.facts else { return nil }
        cpuArchitecture = facts.cpu.architecture
        cpuModel = facts.cpu.model
        cpuVendor = facts.cpu.vendor
        cpuFeatures = facts.cpu.features
        cells = facts.cells.map(\.id)
        hugePageSizes = facts.hugePageSizes
        guestSupport = facts.guestSupport
        networks = facts.networks
        bridges = facts.bridges
        interfaceNames = policy.interfaces.map { $0.name(on: host.name) }
        // How full they are is a matter of capacity.
        pools = facts.pools.map { pool in
            var pool = pool
            pool.available = nil
            return pool
        }
        inactivePools = facts.inactivePools ?? []
        secrets = facts.secrets
        proven = host.provenIdentities
        outdated = host.outdatedProofs
        securityModel = facts.securityModel
        if policy.migration.compression?.method == .multithreaded,
            let version = facts.hypervisorVersion, version >= Self.threadsRemoved
        {
            lacksCompressionThreads = HostFacts.text(ofVersion: version)
        }
        declaredPaths = policy.sharedStorage.filter { $0.covers(host: host.name) }
    }

    /// What a network of this host is called on another; nil where its name means a different one
    /// there.
    func name(of own: String, on other: HostProfile) -> String? {
        if let index = interfaceNames.firstIndex(of: own) { return other.interfaceNames[index] }
        return other.interfaceNames.contains(own) ? nil : own
    }
}
