import ClusterModel
import PlacementPolicy

extension PlacementProblem {
    /// Collects the groups of the domains' own metadata (scope host), then the policy's, in a fixed
    /// order. Groups with fewer than two active members constrain nothing and are left out.
    mutating func addGroups() {
        var together: [String: [Int]] = [:]
        var apart: [String: [Int]] = [:]
        for (index, domain) in domains.enumerated() {
            for name in domain.facts.affinityGroups { together[name, default: []].append(index) }
            for name in domain.facts.antiAffinityGroups { apart[name, default: []].append(index) }
        }
        groupsOfDomain = Array(repeating: [], count: domains.count)
        for (name, members) in together.sorted(by: { $0.key < $1.key }) {
            add(DomainGroup(name: name, kind: .together, scope: .host, members: members))
        }
        for (name, members) in apart.sorted(by: { $0.key < $1.key }) {
            add(DomainGroup(name: name, kind: .apart, scope: .host, members: members))
        }
        for group in policy.affinity { add(group, kind: .together) }
        for group in policy.antiAffinity { add(group, kind: .apart) }
    }

    private mutating func add(_ group: PlacementGroup, kind: DomainGroup.Kind) {
        let members = domains.indices.filter { group.domains.matches(domains[$0].name) }
        add(DomainGroup(name: group.name, kind: kind, scope: group.scope, members: members))
    }

    private mutating func add(_ group: DomainGroup) {
        // A domain may carry the same group twice: it is still one member.
        var group = group
        group.members = Array(Set(group.members)).sorted()
        guard group.members.count > 1 else { return }
        let items = Set(group.members.map { item(of: origin[$0], in: group.scope) })
        group.initialSpread = items.count
        for member in group.members { groupsOfDomain[member].append(groups.count) }
        groups.append(group)
    }

    /// How many members of a group may be on a host or zone: one, or as many as were there.
    func allowed(in group: DomainGroup, at item: Int) -> Int {
        var count = 0
        for member in group.members where self.item(of: origin[member], in: group.scope) == item {
            count += 1
        }
        for (domain, host) in arriving
        where isSecondPlace(domain, host, of: group, at: item) { count += 1 }
        return max(1, count)
    }

    /// Does a migration that was under way put this member at the item a second time?
    func isSecondPlace(_ domain: Int, _ host: Int, of group: DomainGroup, at item: Int) -> Bool {
        group.members.contains(domain) && self.item(of: host, in: group.scope) == item
            && self.item(of: origin[domain], in: group.scope) != item
    }
}
