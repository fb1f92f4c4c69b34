import ClusterModel

/// What cards can be plugged into on a host; only what some guest's card could mean, so that hosts
/// that differ in nothing else stay alike.
struct HostNetworks: Hashable {
    /// Active libvirt networks.
    let names: [String]
    let bridges: [String]?
    private let details: [LibvirtNetwork]
    let linuxBridges: Set<String>?
    let devices: Set<String>?
    let filters: Set<String>?

    /// The names that matter: cards and the policy's interfaces use them.
    struct Wanted {
        var names: Set<String> = []
        var filters: Set<String> = []

        init(of domains: [Domain], policy names: Set<String>) {
            self.names = names
            for index in domains.indices {
                for card in domains[index].facts.interfaces {
                    if let name = card.source { self.names.insert(name) }
                    if let filter = card.filter { filters.insert(filter) }
                }
            }
        }
    }

    init(_ facts: HostFacts, _ wanted: Wanted?) {
        names = facts.networks
        bridges = facts.bridges
        let names = wanted?.names ?? []
        let details = (facts.networkDetails ?? []).filter { names.contains($0.name) }
        let filters = wanted?.filters ?? []
        linuxBridges = facts.linuxBridges.map { Set($0).intersection(names) }
        devices = facts.networkDevices.map {
            Set($0).intersection(names.union(details.compactMap(\.bridge)))
        }
        self.filters = facts.networkFilters.map { Set($0).intersection(filters) }
        self.details = details.sorted { $0.name < $1.name }
    }

    func detail(of name: String) -> LibvirtNetwork? { details.first { $0.name == name } }
}
