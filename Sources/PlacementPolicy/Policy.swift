package import ClusterModel

/// What the operator wants of placements and migrations: constraints, limits and options.
///
/// Read from one YAML file (`Policy(yaml:)`); `Policy.default` is what `policies/drain.yaml` says.
package struct Policy: Hashable, Sendable {
    package var name = "drain"
    /// Kept free on each host for the host itself. A host's own `reserve` in the fleet file wins.
    package var reserve = Reserve(memory: .gibibytes(1), cpu: .zero, countsOthers: true)
    package var overcommit = Overcommit()
    /// Memory that QEMU and the kernel need for a domain beside its guest's.
    package var perDomainOverhead = DomainOverhead()
    package var demand = DemandWindow()
    package var affinity: [PlacementGroup] = []
    package var antiAffinity: [PlacementGroup] = []
    /// Domains that stay where they are.
    package var pin: [NamePattern] = []
    package var fence: [HostRule] = []
    package var ban: [HostRule] = []
    /// Domains that kvmbalance leaves alone altogether.
    package var exclude: [NamePattern] = []
    /// Domains, by name or UUID, that may be moved although another manager believes them its own.
    package var managed: [NamePattern] = []
    /// Domains that may have more virtual CPUs than their host has CPUs.
    package var wideGuests: [NamePattern] = []
    /// Whose metadata says as much as the policy does.
    package var metadata = MetadataRules()
    package var limits = MigrationLimits()
    /// Active domains on one host; nil for no limit.
    package var maxDomainsPerHost: Int?
    package var nPlusOne = NPlusOne.off
    package var balance = BalanceRules()
    package var rebalance = RebalanceRules()
    package var consolidate = ConsolidateRules()
    package var reboot = RebootRules()
    package var migration = MigrationOptions()
    package var sharedStorage: [SharedStorage] = []
    /// Networks that hosts call by different names; any other is called the same everywhere.
    package var interfaces: [InterfaceNames] = []
    /// Guests that this one plan moves cold where they cannot move live, because `unmovable` says
    /// so: set by the planner, and by nobody's file.
    package var coldUnmovable: Set<DomainID> = []
    /// What hosts draw: only for the energy that back-tests tell.
    package var power: [PowerRule] = []

    package init(name: String = "drain") { self.name = name }

    package static let `default` = Policy()

    /// The same policy with more storage that is declared shared, as the fleet file can do.
    package func adding(sharedStorage more: [SharedStorage]) -> Policy {
        var policy = self
        policy.sharedStorage += more
        return policy
    }

    /// What deserves a warning before anything is done under this policy.
    package var warnings: [String] {
        guard migration.unsafe else { return [] }
        return [
            "policy '\(name)' sets migration.unsafe: libvirt's own check of storage and cache mode "
                + "is switched off, and a guest can be corrupted. Remove it unless you know why it "
                + "is there."
        ]
    }
}
