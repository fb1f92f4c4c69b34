import PlacementPolicy

/// Domains that can only move together: those joined by affinity that was whole at the start.
///
/// A group that was already spread at the start may move apart, so its members stay single. Union
/// by group, near-linear in the number of memberships.
struct MoveUnits {
    private(set) var members: [[Int]] = []
    private(set) var unit: [Int]

    /// `joined: false` makes every domain its own unit.
    init(_ problem: PlacementProblem, joined: Bool) {
        var parent = Array(problem.domains.indices)
        func root(_ domain: Int) -> Int {
            var domain = domain
            while parent[domain] != domain {
                parent[domain] = parent[parent[domain]]
                domain = parent[domain]
            }
            return domain
        }
        for group in problem.groups where joined && group.initialSpread == 1 {
            guard case .together = group.kind, case .host = group.scope else { continue }
            let first = root(group.members[0])
            for member in group.members.dropFirst() { parent[root(member)] = first }
        }
        unit = Array(repeating: -1, count: problem.domains.count)
        for domain in problem.domains.indices {
            let leader = root(domain)
            if unit[leader] < 0 {
                unit[leader] = members.count
                members.append([])
            }
            unit[domain] = unit[leader]
            members[unit[leader]].append(domain)
        }
    }
}
