package import ClusterModel

/// A guest that is to be started somewhere, and what it needs beyond its definition.
package struct GuestRequest: Sendable {
    /// As it would run. Its UUID is that of a domain that is shut off, or of none.
    package var facts: DomainFacts
    /// What it is expected to use; unknown counts as the policy's `assumedPerVCPU`.
    package var demand: Demand
    /// The host whose names its definition uses, and where its disks are; nil where each host's own
    /// names are meant.
    package var model: HostName?
    /// libvirt's pool for a new disk, and its size.
    package var pool: String?
    package var disk: Bytes?

    package init(
        facts: DomainFacts, demand: Demand = .unknown, model: HostName? = nil, pool: String? = nil,
        disk: Bytes? = nil
    ) {
        self.facts = facts
        self.demand = demand
        self.model = model
        self.pool = pool
        self.disk = disk
    }
}
