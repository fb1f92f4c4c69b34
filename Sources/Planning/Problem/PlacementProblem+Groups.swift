import ClusterModel
import PlacementPolicy

extension PlacementProblem {
    /// The groups of the domains' own metadata (scope host), then the policy's, in a fixed order,
    /// and which of them each domain is in. Groups with fewer than two active members constrain
    /// nothing and are left out.
    func makeGroups() -> (groups: [DomainGroup], ofDomain: [[Int]]) {
        var together: [String: [Int]] = [:]
        var apart: [String: [Int]] = [:]
        // By index: a copy of every domain costs more than all the rest.
        for index in domains.indices {
            for name in domains[index].facts.affinityGroups {
                together[name, default: []].append(index)
            }
            for name in domains[index].facts.antiAffinityGroups {
                apart[name, default: []].append(index)
            }
        }
        var groups: [DomainGroup] = []
        for (name, members) in together.sorted(by: { $0.key < $1.key }) {
            groups.append(group(name, .together, .host, members))
        }
        for (name, members) in apart.sorted(by: { $0.key < $1.key }) {
            groups.append(group(name, .apart, .host, members))
        }
        if !policy.affinity.isEmpty || !policy.antiAffinity.isEmpty {
            let names = NameIndex(domains.map(\.facts.name))
            groups += policy.affinity.map { group($0, .together, names) }
            groups += policy.antiAffinity.map { group($0, .apart, names) }
        }
        groups += namesakeGroups() + consolePortGroups()
        groups.removeAll { $0.members.count < 2 }
        var ofDomain: [[Int]] = Array(repeating: [], count: domains.count)
        for (index, group) in groups.enumerated() {
            for member in group.members { ofDomain[member].append(index) }
        }
        return (groups, ofDomain)
    }

    /// Domains that share a name and are not the same: no host can have two of them, not even while
    /// one of them leaves it.
    private func namesakeGroups() -> [DomainGroup] {
        var first: [String: Int] = [:]
        var shared: [String: [Int]] = [:]
        for index in domains.indices {
            let name = domains[index].facts.name
            guard let other = first[name] else {
                first[name] = index
                continue
            }
            // One that was seen on two hosts does not clash with itself.
            guard domains[other].facts.id != domains[index].facts.id else { continue }
            shared[name, default: [other]].append(index)
        }
        return shared.sorted { $0.key < $1.key }.map { name, members in
            var group = group(name, .apart, .host, members)
            group.origin = .name
            return group
        }
    }

    /// Domains whose consoles were given one port: no host can have two of them. A port on all
    /// addresses is in the way of those on any; those on the loopback and on the network are not in
    /// each other's.
    private func consolePortGroups() -> [DomainGroup] {
        var ports: [Int: [Int]] = [:]
        for index in domains.indices where domains[index].facts.state.isActive {
            for port in domains[index].facts.consolePorts ?? [] where !port.isAutomatic {
                ports[port.port, default: []].append(index)
            }
        }
        let shared = ports.filter { Set($0.value).count > 1 }.sorted { $0.key < $1.key }
        return shared.flatMap { port, members -> [DomainGroup] in
            let kept = Self.clashing(members) { one, other in
                consoleClash(of: domains[one].facts, with: domains[other].facts)?.port == port
                    && domains[one].id != domains[other].id
            }
            return kept.map { members in
                var group = group("\(port)", .apart, .host, members)
                group.origin = .consolePort
                return group
            }
        }
    }

    /// Sets of members that all clash with each other, so that each clash is in one of them: one
    /// set for all where they do, else one for each pair.
    private static func clashing(
        _ members: [Int], _ clash: (Int, Int) -> Bool
    ) -> [[Int]] {
        let members = Set(members).sorted()
        let pairs = members.indices.flatMap { first in
            members[(first + 1)...].map { [members[first], $0] }
        }
        let clashing = pairs.filter { clash($0[0], $0[1]) }
        return clashing.count == pairs.count ? [members] : clashing
    }

    private func group(
        _ group: PlacementGroup, _ kind: DomainGroup.Kind, _ names: NameIndex
    ) -> DomainGroup {
        var dense = self.group(
            group.name, kind, group.scope, names.indices(matching: group.domains))
        dense.excess = group.excess
        return dense
    }

    private func group(
        _ name: String, _ kind: DomainGroup.Kind, _ scope: PlacementGroup.Scope, _ members: [Int]
    ) -> DomainGroup {
        // A domain may carry the same group twice: it is still one member.
        let members = Array(Set(members)).sorted()
        let spread = Set(members.map { item(of: origin[$0], in: scope) }).count
        return DomainGroup(
            name: name, kind: kind, scope: scope, members: members, initialSpread: max(1, spread))
    }

    /// How many members of a group may be on a host or zone: one, or as many as were there.
    func allowed(in group: DomainGroup, at item: Int) -> Int {
        var count = 0
        for member in group.members where self.item(of: origin[member], in: group.scope) == item {
            count += 1
        }
        for (domain, host) in arriving
        where isSecondPlace(domain, host, of: group, at: item) { count += 1 }
        return max(1, count) + group.excess
    }

    /// Does a migration that was under way put this member at the item a second time?
    func isSecondPlace(_ domain: Int, _ host: Int, of group: DomainGroup, at item: Int) -> Bool {
        group.members.contains(domain) && self.item(of: host, in: group.scope) == item
            && self.item(of: origin[domain], in: group.scope) != item
    }
}
