import ClusterModel
import PlacementPolicy

/// An affinity or anti-affinity group with its active members.
struct CheckedGroup {
    var name: String
    var isApart: Bool
    var scope: PlacementGroup.Scope
    /// Does the plan say that it breaks it?
    var isBroken = false
    var members: Set<DomainID>

    /// The groups of the domains' metadata and of the policy, in one pass over the domains.
    static func all(in domains: [Domain], _ policy: Policy) -> [CheckedGroup] {
        var groups: [CheckedGroup] = []
        groups += named(domains, \.affinityGroups, isApart: false)
        groups += named(domains, \.antiAffinityGroups, isApart: true)
        let first = groups.count
        for (isApart, list) in [(false, policy.affinity), (true, policy.antiAffinity)] {
            groups += list.map {
                CheckedGroup(
                    name: $0.name, isApart: isApart, scope: $0.scope,
                    isBroken: $0.excess > 0, members: [])
            }
        }
        let names = CheckedNames((policy.affinity + policy.antiAffinity).map(\.domains))
        for domain in domains {
            for list in names.lists(holding: domain.name) {
                groups[first + list].members.insert(domain.id)
            }
        }
        groups.removeAll(where: \.isBroken)
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
