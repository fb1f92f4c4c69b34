import PlacementPolicy

/// Domains that can only move together: those joined by affinity that was whole at the start.
///
/// A group that was already spread at the start may move apart, so its members stay single. Union
/// by group, near-linear in the number of memberships.
struct MoveUnits {
    private(set) var members: [[Int]] = []
    private(set) var unit: [Int]
    /// The first member of each unit, and the only one, -1 where there are others: asked at every
    /// turn of a search, and cheaper than a look into an array of arrays.
    private(set) var first: [Int] = []
    private(set) var only: [Int] = []

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
        for group in problem.groups where joined && group.initialSpread == 1 && group.excess == 0 {
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
        first = members.map { $0[0] }
        only = members.map { $0.count == 1 ? $0[0] : -1 }
    }
}
