import ClusterModel
import PlacementPolicy

/// An affinity or anti-affinity group with its active members.
struct CheckedGroup: Hashable {
    var name: String
    var isApart: Bool
    var scope: PlacementGroup.Scope
    var members: Set<DomainID>

    /// The groups of the domains' metadata and of the policy.
    static func all(in domains: [Domain], _ policy: Policy) -> [CheckedGroup] {
        var groups: [CheckedGroup] = []
        groups += named(domains, \.affinityGroups, isApart: false)
        groups += named(domains, \.antiAffinityGroups, isApart: true)
        for (isApart, list) in [(false, policy.affinity), (true, policy.antiAffinity)] {
            for group in list {
                let members = domains.filter { group.domains.matches($0.name) }
                groups.append(
                    CheckedGroup(
                        name: group.name, isApart: isApart, scope: group.scope,
                        members: Set(members.map(\.id))))
            }
        }
        return groups
    }

    private static func named(
        _ domains: [Domain], _ names: KeyPath<DomainFacts, [String]>, isApart: Bool
    ) -> [CheckedGroup] {
        var members: [String: Set<DomainID>] = [:]
        for domain in domains {
            for name in domain.facts[keyPath: names] {
                members[name, default: []].insert(domain.id)
            }
        }
        return members.sorted { $0.key < $1.key }.map {
            CheckedGroup(name: $0.key, isApart: isApart, scope: .host, members: $0.value)
        }
    }
}
