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
        for name in Set(domains.flatMap(\.facts.affinityGroups)).sorted() {
            let members = domains.filter { $0.facts.affinityGroups.contains(name) }
            groups.append(
                CheckedGroup(
                    name: name, isApart: false, scope: .host, members: Set(members.map(\.id))))
        }
        for name in Set(domains.flatMap(\.facts.antiAffinityGroups)).sorted() {
            let members = domains.filter { $0.facts.antiAffinityGroups.contains(name) }
            groups.append(
                CheckedGroup(
                    name: name, isApart: true, scope: .host, members: Set(members.map(\.id))))
        }
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
}
