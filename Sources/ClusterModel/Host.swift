/// A machine that runs domains, as the planner sees it: what the fleet file says of it, what was
/// read from it, and how loaded it was.
package struct Host: Hashable, Codable, Sendable {
    package var name: HostName
    /// Hosts of one zone can fail together; nil is its own zone.
    package var zone: ZoneName?
    /// The address that migrations to this host should use (`migrate_uri`); nil is the host part
    /// of its libvirt URI.
    package var migrationAddress: String?
    /// Speed of the network that migrations use, in Mbit/s.
    package var linkMbps: Int
    /// Kept free for the host itself, by the fleet file; nil leaves it to the policy.
    package var reserve: Reserve?
    /// True while the operator keeps it empty: no planner sends anything there.
    package var inMaintenance: Bool
    /// Why it could not be read; nil when it could. Its facts are then old or nil.
    package var fault: String?
    package var facts: HostFacts?
    package var load: HostLoad?
    /// What `hosts check` proved of its storage, by path; nil where it proved nothing.
    package var provenStorage: [ProvenStorage]?
    /// When `facts` were read.
    package var observedAt: Timestamp?
    /// Did nobody say how fast its link is? True or nil.
    package var isLinkAssumed: Bool?
    /// What others than its domains use of it: see `Policy.measured`. nil until it is worked out.
    package var usedByOthers: Reserve?

    package init(
        name: HostName, zone: ZoneName? = nil, migrationAddress: String? = nil,
        linkMbps: Int = 1000, reserve: Reserve? = nil, inMaintenance: Bool = false,
        fault: String? = nil, facts: HostFacts? = nil, load: HostLoad? = nil,
        observedAt: Timestamp? = nil
    ) {
        self.name = name
        self.zone = zone
        self.migrationAddress = migrationAddress
        self.linkMbps = linkMbps
        self.reserve = reserve
        self.inMaintenance = inMaintenance
        self.fault = fault
        self.facts = facts
        self.load = load
        self.observedAt = observedAt
    }

    /// Can it take or give domains at all?
    package var isReachable: Bool { fault == nil && facts != nil }
}

/// What a host keeps for itself and never gives to domains.
package struct Reserve: Hashable, Codable, Sendable {
    package var memory: Bytes?
    package var cpu: MilliCPU?
    /// Does what others than domains use of the host count, where it was measured and is more?
    package var countsOthers: Bool?

    package init(memory: Bytes? = nil, cpu: MilliCPU? = nil, countsOthers: Bool? = nil) {
        self.memory = memory
        self.cpu = cpu
        self.countsOthers = countsOthers
    }
}

/// Measured load of a host; nil means not measured, never zero.
package struct HostLoad: Hashable, Codable, Sendable {
    /// CPU in use by everything on the host, at the policy's percentile of the window.
    package var cpu: MilliCPU?
    /// Memory that could be given out without swapping: free, buffers and page cache.
    package var memoryAvailable: Bytes?
    /// The part of the CPU in use that no domain of the host's used, on average over the window:
    /// who was there in it is known only while samples are read. nil where that was not done.
    package var cpuOfOthers: MilliCPU?

    package init(
        cpu: MilliCPU? = nil, memoryAvailable: Bytes? = nil, cpuOfOthers: MilliCPU? = nil
    ) {
        self.cpu = cpu
        self.memoryAvailable = memoryAvailable
        self.cpuOfOthers = cpuOfOthers
    }
}
