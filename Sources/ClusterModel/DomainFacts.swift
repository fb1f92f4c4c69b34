/// What was read of a domain over libvirt, with everything in its XML that makes a move impossible,
/// slow or wrong.
package struct DomainFacts: Hashable, Codable, Sendable {
    package var id: DomainID
    package var name: String
    package var state: DomainState
    package var isPersistent: Bool
    package var autostart: Bool
    package var hasManagedSave: Bool
    package var vcpus: Int
    /// The most it may ever use: what both hosts must guarantee while it moves.
    package var memory: Bytes
    /// Present balloon size; nil when not told.
    package var balloon: Bytes?
    /// Demand for huge pages; `memory` then comes out of these pools and not out of ordinary
    /// memory.
    package var hugePages: HugePageDemand?
    /// True where their size is left to the host that the guest is on; else nil.
    package var usesDefaultPages: Bool?
    package var numa: NUMABinding?
    /// Of all its video cards, on the host; nil when not read.
    package var videoMemory: Bytes?
    package var guest: GuestPlatform
    package var disks: [Disk]
    /// Secrets that it cannot be started without; nil where there are none or nobody asked.
    package var secrets: [SecretNeed]?
    package var interfaces: [NetworkInterface]
    /// What in the domain itself forbids a live migration, wherever it would go.
    package var blockers: [Blocker]
    /// What does not forbid it but should be known.
    package var cautions: [String]
    /// Groups from the domain's own metadata, sorted.
    package var affinityGroups: [String]
    package var antiAffinityGroups: [String]
    /// The operator wants it left where it is (metadata `pinned`), or left alone (`excluded`).
    package var isPinned: Bool
    package var isExcluded: Bool
    /// What a drain is to do with it where it cannot be moved; nil where its metadata does not say.
    package var unmovable: UnmovableAction?
    /// What forbids moving it cold, beside what forbids every move; nil when not known.
    package var coldBlockers: [Blocker]?
    /// Whose guest it is, where that is not the operator with plain libvirt.
    package var manager: GuestManager?
    /// Ports that its consoles take of its host; nil where there are none, or none was read.
    package var consolePorts: [ConsolePort]?
    /// CPUs of its host that it is pinned to by number; nil where it may use all of them.
    package var pinnedCPUs: [Int]?
    /// Hosts that have another definition of it, which does not run: none of them is a target.
    package var otherDefinitions: [HostName]?

    /// What a migration copies: what the balloon leaves the guest of its memory.
    package var copiedMemory: Bytes { min(memory, balloon ?? memory) }

    package init(
        id: DomainID, name: String, state: DomainState = .running, isPersistent: Bool = true,
        autostart: Bool = false, hasManagedSave: Bool = false, vcpus: Int = 1,
        memory: Bytes, balloon: Bytes? = nil, hugePages: HugePageDemand? = nil,
        numa: NUMABinding? = nil,
        guest: GuestPlatform = GuestPlatform(), disks: [Disk] = [],
        interfaces: [NetworkInterface] = [], blockers: [Blocker] = [], cautions: [String] = [],
        affinityGroups: [String] = [], antiAffinityGroups: [String] = [],
        isPinned: Bool = false, isExcluded: Bool = false
    ) {
        self.id = id
        self.name = name
        self.state = state
        self.isPersistent = isPersistent
        self.autostart = autostart
        self.hasManagedSave = hasManagedSave
        self.vcpus = vcpus
        self.memory = memory
        self.balloon = balloon
        self.hugePages = hugePages
        self.numa = numa
        self.guest = guest
        self.disks = disks
        self.interfaces = interfaces
        self.blockers = blockers
        self.cautions = cautions
        self.affinityGroups = affinityGroups
        self.antiAffinityGroups = antiAffinityGroups
        self.isPinned = isPinned
        self.isExcluded = isExcluded
    }
}

/// libvirt's domain states, without their reasons.
package enum DomainState: String, Hashable, Codable, Sendable {
    case running, blocked, paused, shuttingDown = "shutting-down", shutOff = "shut-off"
    case crashed, suspended, unknown

    /// Does it hold memory on its host? Of a crashed guest that libvirt shows as such the QEMU was
    /// kept (`on_crash=preserve`); any other is shut off. Whoever has no state that libvirt knows
    /// may run.
    package var isActive: Bool {
        switch self {
        case .running, .blocked, .paused, .shuttingDown, .suspended, .crashed, .unknown: true
        case .shutOff: false
        }
    }
}

/// Memory in pages of one size.
package struct HugePageDemand: Hashable, Codable, Sendable {
    package var pageSize: Bytes
    package var pages: Int64

    package init(pageSize: Bytes, pages: Int64) {
        self.pageSize = pageSize
        self.pages = pages
    }
}

/// Host cells that a domain's memory is bound to (`numatune`). The numbers are the host's own and
/// are copied as they are by a migration.
package struct NUMABinding: Hashable, Codable, Sendable {
    package var isStrict: Bool
    package var cells: [Int]

    package init(isStrict: Bool, cells: [Int]) {
        self.isStrict = isStrict
        self.cells = cells
    }
}

/// What the guest believes to run on: this must be had on the target too.
package struct GuestPlatform: Hashable, Codable, Sendable {
    package var virtualization: String
    package var architecture: String
    package var machineType: String?
    package var cpu: GuestCPU
    /// Path of the QEMU that runs it; nil where its XML does not say.
    package var emulator: String?
    /// nil where there is nothing in it that a host might not offer.
    package var devices: GuestDevices?
    /// The speed of its time stamp counter that its definition asks for, in hertz.
    package var tscHertz: Int64?

    package init(
        virtualization: String = "kvm", architecture: String = "x86_64",
        machineType: String? = nil, cpu: GuestCPU = GuestCPU()
    ) {
        self.virtualization = virtualization
        self.architecture = architecture
        self.machineType = machineType
        self.cpu = cpu
    }
}

/// The guest's CPU as its running XML has it: `host-model` is expanded to `custom` by then.
package struct GuestCPU: Hashable, Codable, Sendable {
    /// `custom`, `host-model`, `host-passthrough`, `maximum`, or nil for QEMU's default.
    package var mode: String?
    package var model: String?
    /// Features with policy `require` or `force`, sorted.
    package var requiredFeatures: [String]
    /// Equal for equal descriptions of model, vendor and features; nil for a CPU that libvirt is
    /// not asked about: one without a model, or of a guest that is emulated or does not run.
    package var kind: String?

    package init(mode: String? = nil, model: String? = nil, requiredFeatures: [String] = []) {
        self.mode = mode
        self.model = model
        self.requiredFeatures = requiredFeatures
    }
}

/// A disk of a domain and where its bytes lie.
package struct Disk: Hashable, Codable, Sendable {
    /// Where the bytes lie, as the XML's `<disk type>` says.
    package enum Source: Hashable, Codable, Sendable {
        case none
        case file(path: String)
        case block(path: String)
        case volume(pool: String, volume: String)
        /// Reached over the network by QEMU itself (rbd, iscsi, nbd, gluster, …): shared by nature.
        case network(protocol: String, name: String)
        case other(type: String)
    }

    package var target: String
    package var source: Source
    package var cache: String?
    package var isReadOnly: Bool
    package var isShareable: Bool
    /// `disk`, `cdrom`, `floppy` or `lun`.
    package var device: String
    package var capacity: Bytes?
    /// What it takes of its storage; nil when not read.
    package var allocation: Bytes?

    package init(
        target: String, source: Source, cache: String? = nil, isReadOnly: Bool = false,
        isShareable: Bool = false, device: String = "disk", capacity: Bytes? = nil,
        allocation: Bytes? = nil
    ) {
        self.target = target
        self.source = source
        self.cache = cache
        self.isReadOnly = isReadOnly
        self.isShareable = isShareable
        self.device = device
        self.capacity = capacity
        self.allocation = allocation
    }
}
