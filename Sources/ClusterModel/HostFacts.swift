/// What was read from a host over libvirt: slow to change, unlike its load.
package struct HostFacts: Hashable, Codable, Sendable {
    /// libvirt's host UUID: libvirt refuses to migrate between two hosts that share one.
    package var uuid: String
    package var hostname: String
    package var cpu: HostCPU
    package var memory: Bytes
    /// In order of their number; one cell where the host does not say.
    package var cells: [NUMACell]
    /// libvirt's and QEMU's versions as libvirt counts them: 9.0.0 is 9000000.
    package var libvirtVersion: Int
    package var hypervisorVersion: Int?
    /// What guests it can run, one entry for each pair of virtualisation type and architecture.
    package var guestSupport: [GuestSupport]
    /// Names of active libvirt networks, sorted.
    package var networks: [String]
    /// Names of bridges, sorted; nil where the host cannot list its interfaces.
    package var bridges: [String]?
    package var pools: [StoragePool]
    /// Pools that are defined and not active, sorted; nil where there are none or nobody asked.
    package var inactivePools: [StoragePool]?
    /// nil when not read.
    package var secrets: [HostSecret]?
    /// User and group that QEMU runs as: `64055:108`. nil when not known.
    package var qemuOwner: String?
    package var ksm: KSMCounters?
    /// sVirt model and DOI, for example `selinux/0`; nil when confinement is off.
    package var securityModel: String?
    /// What could not be read; nil where everything was.
    package var unread: [UnreadPart]?
    /// About CPUs of the fleet's guests, in order of kind; nil where nobody asked.
    package var cpuAnswers: [CPUAnswer]?
    /// What its active networks lead to; nil where that was not read.
    package var networkDetails: [LibvirtNetwork]?
    /// Those of its bridges that are Linux bridges, sorted; any other is of Open vSwitch, if it is
    /// a bridge at all. nil where the kinds were not read.
    package var linuxBridges: [String]?
    /// Its network devices but those of guests, sorted; nil where they were not listed.
    package var networkDevices: [String]?
    /// Names of libvirt's network filters, sorted; nil where they were not listed.
    package var networkFilters: [String]?
    /// Speed in Mbit/s of its slowest physical network card that has a link; nil when not told.
    package var linkMbps: Int?
    /// Memory that could be given out without swapping when it was read; nil when not told.
    package var memoryAvailable: Bytes?

    package init(
        uuid: String, hostname: String, cpu: HostCPU, memory: Bytes, cells: [NUMACell] = [],
        libvirtVersion: Int = 0, hypervisorVersion: Int? = nil,
        guestSupport: [GuestSupport] = [], networks: [String] = [], bridges: [String]? = nil,
        pools: [StoragePool] = [], ksm: KSMCounters? = nil, securityModel: String? = nil
    ) {
        self.uuid = uuid
        self.hostname = hostname
        self.cpu = cpu
        self.memory = memory
        self.cells = cells
        self.libvirtVersion = libvirtVersion
        self.hypervisorVersion = hypervisorVersion
        self.guestSupport = guestSupport
        self.networks = networks
        self.bridges = bridges
        self.pools = pools
        self.ksm = ksm
        self.securityModel = securityModel
    }

    /// A version of libvirt's or QEMU's as people write it.
    package static func text(ofVersion number: Int) -> String {
        "\(number / 1_000_000).\(number / 1000 % 1000).\(number % 1000)"
    }
}

/// The host's processor as libvirt's capabilities describe it.
package struct HostCPU: Hashable, Codable, Sendable {
    package var architecture: String
    /// libvirt's CPU model name (the microarchitecture), for example `Skylake-Client-IBRS`.
    package var model: String?
    package var vendor: String?
    package var microcode: String?
    /// Features beyond the model, sorted.
    package var features: [String]
    package var logicalCPUs: Int
    package var megahertz: Int?
    /// vmx or svm: can it run KVM guests? nil when libvirt does not say.
    package var hasVirtualization: Bool?
    /// How fast its time stamp counter runs, in hertz, and can it give guests another speed?
    package var tscHertz: Int64?
    package var scalesTSC: Bool?

    package init(
        architecture: String, model: String? = nil, vendor: String? = nil,
        microcode: String? = nil, features: [String] = [], logicalCPUs: Int,
        megahertz: Int? = nil, hasVirtualization: Bool? = nil
    ) {
        self.architecture = architecture
        self.model = model
        self.vendor = vendor
        self.microcode = microcode
        self.features = features
        self.logicalCPUs = logicalCPUs
        self.megahertz = megahertz
        self.hasVirtualization = hasVirtualization
    }
}

/// CPUs and memory at one distance.
package struct NUMACell: Hashable, Codable, Sendable {
    package var id: Int
    package var memory: Bytes
    /// Free in the sense of MemFree: page cache is not counted as free here.
    package var free: Bytes?
    package var cpus: [Int]
    package var hugePages: [HugePagePool]

    package init(
        id: Int, memory: Bytes, free: Bytes? = nil, cpus: [Int] = [],
        hugePages: [HugePagePool] = []
    ) {
        self.id = id
        self.memory = memory
        self.free = free
        self.cpus = cpus
        self.hugePages = hugePages
    }
}

/// Pages of one size set aside in one NUMA cell.
package struct HugePagePool: Hashable, Codable, Sendable {
    package var pageSize: Bytes
    package var total: Int64
    package var free: Int64

    package init(pageSize: Bytes, total: Int64, free: Int64) {
        self.pageSize = pageSize
        self.total = total
        self.free = free
    }
}

/// Kernel same-page merging: `pagesSharing` pages come back as real memory when guests part.
package struct KSMCounters: Hashable, Codable, Sendable {
    package static let pageSize = Bytes(4096)

    package var pagesShared: Int64
    package var pagesSharing: Int64

    package init(pagesShared: Int64, pagesSharing: Int64) {
        self.pagesShared = pagesShared
        self.pagesSharing = pagesSharing
    }

    /// What sharing saves; no more than the largest number there is.
    package var saved: Bytes {
        let (bytes, overflow) = pagesSharing.multipliedReportingOverflow(by: Self.pageSize.count)
        return Bytes(overflow ? Int64.max : bytes)
    }
}

/// One kind of guest a host can run: a pair of virtualisation type and architecture.
package struct GuestSupport: Hashable, Codable, Sendable {
    /// `kvm` or `qemu` (emulation).
    package var virtualization: String
    package var architecture: String
    package var emulator: String
    /// Canonical names and aliases, sorted.
    package var machineTypes: [String]
    /// CPU models that guests may be given here, sorted; nil when unknown.
    package var usableCPUModels: [String]?
    package var offer: GuestOffer?

    package init(
        virtualization: String, architecture: String, emulator: String, machineTypes: [String],
        usableCPUModels: [String]? = nil
    ) {
        self.virtualization = virtualization
        self.architecture = architecture
        self.emulator = emulator
        self.machineTypes = machineTypes
        self.usableCPUModels = usableCPUModels
    }
}

/// A libvirt storage pool of a host.
package struct StoragePool: Hashable, Codable, Sendable {
    package var name: String
    /// libvirt's pool type: `dir`, `netfs`, `logical`, `iscsi`, `rbd`, …
    package var type: String
    /// Where its volumes appear on this host; nil for pools without a path.
    package var targetPath: String?
    /// What the storage *is*, wherever it is mounted, for example
    /// `netfs:glusterfs:10.77.0.254:/shared`; two hosts share it when this is equal. nil when the
    /// pool is local to its host or cannot tell.
    package var identity: String?
    /// Room that is left in it; nil when not told.
    package var available: Bytes?

    /// Room that plans count on. A pool that does not tell is not known to be full; more than any
    /// fleet copies is no better than that, and what all hosts have must add up.
    package var room: Bytes { min(available ?? Plausible.memory, Plausible.memory) }

    package init(
        name: String, type: String, targetPath: String? = nil, identity: String? = nil,
        available: Bytes? = nil
    ) {
        self.name = name
        self.type = type
        self.targetPath = targetPath
        self.identity = identity
        self.available = available
    }
}
