import ClusterModel
import PlacementPolicy

/// All of a host that decides which guests it can run, so that hosts alike are looked at once.
struct HostProfile: Hashable {
    var cpuArchitecture: String
    var cpuModel: String?
    var cpuVendor: String?
    var cpuFeatures: [String]
    var cpuAnswers: [CPUAnswer]
    var tscHertz: Int64?
    var scalesTSC: Bool?
    var cells: [Int]
    var hugePageSizes: [Bytes]
    var guestSupport: [GuestSupport]
    var networks: HostNetworks
    var logicalCPUs: Int
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
    var unread: [UnreadPart]

    /// QEMU's first version without the capability `compress` (its docs/about/removed-features).
    private static let threadsRemoved = 9_001_000

    /// nil for a host that was never read. `wanted` are the networks that are asked about, and
    /// `widest` the most virtual CPUs that are: more CPUs than that make no difference.
    init?(
        _ host: Host, under policy: Policy, wanted: HostNetworks.Wanted? = nil, widest: Int = 0
    ) {
        guard let facts = host.facts else { return nil }
        cpuArchitecture = facts.cpu.architecture
        cpuModel = facts.cpu.model
        cpuVendor = facts.cpu.vendor
        cpuFeatures = facts.cpu.features
        cpuAnswers = facts.cpuAnswers ?? []
        tscHertz = facts.cpu.tscHertz
        scalesTSC = facts.cpu.scalesTSC
        unread = facts.unread ?? []
        cells = facts.cells.map(\.id)
        hugePageSizes = facts.hugePageSizes
        guestSupport = facts.guestSupport
        networks = HostNetworks(facts, wanted)
        logicalCPUs = min(facts.cpu.logicalCPUs, widest)
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

    func support(for guest: GuestPlatform) -> GuestSupport? {
        guestSupport.first {
            $0.virtualization == guest.virtualization && $0.architecture == guest.architecture
        }
    }

    func answer(about cpu: GuestCPU) -> CPUAnswer? {
        cpu.kind.flatMap { kind in cpuAnswers.first { $0.kind == kind } }
    }

    func unread(_ part: UnreadPart.Part) -> UnreadPart? { unread.first { $0.part == part } }

    /// What a network of this host is called on another; nil where its name means a different one
    /// there.
    func name(of own: String, on other: HostProfile) -> String? {
        if let index = interfaceNames.firstIndex(of: own) { return other.interfaceNames[index] }
        return other.interfaceNames.contains(own) ? nil : own
    }
}
