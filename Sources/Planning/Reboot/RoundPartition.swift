import ClusterModel

/// The fewest rounds for a few hosts, by looking at every set of them.
///
/// A set can be empty together only if all its parts can, so that most sets are never asked about.
/// Then, by size, the fewest disjoint sets that make up each set: O(3ⁿ).
struct RoundPartition {
    let rounds: [[HostName]]

    init(_ hosts: [HostName], atMost: Int, isFeasible: ([HostName]) -> Bool) {
        let all = (1 << hosts.count) - 1
        func names(_ set: Int) -> [HostName] {
            hosts.indices.filter { set & (1 << $0) != 0 }.map { hosts[$0] }
        }
        var feasible = Array(repeating: false, count: all + 1)
        // Every part of a set has a smaller number.
        for set in stride(from: 1, through: all, by: 1) where set.nonzeroBitCount <= atMost {
            let arePartsFeasible = hosts.indices.allSatisfy { host in
                let part = set & ~(1 << host)
                return part == 0 || part == set || feasible[part]
            }
            feasible[set] = arePartsFeasible && isFeasible(names(set))
        }
        // For each set the number of rounds it needs, and one of them.
        var fewest: [(rounds: Int, one: Int)?] = Array(repeating: nil, count: all + 1)
        fewest[0] = (0, 0)
        for set in stride(from: 1, through: all, by: 1) {
            let first = set & -set
            var part = set
            while part > 0 {
                if part & first != 0, feasible[part], let rest = fewest[set & ~part],
                    rest.rounds + 1 < fewest[set]?.rounds ?? Int.max
                {
                    fewest[set] = (rest.rounds + 1, part)
                }
                part = (part - 1) & set
            }
        }
        var rounds: [[HostName]] = []
        var left = all
        while left > 0, let next = fewest[left] {
            rounds.append(names(next.one))
            left &= ~next.one
        }
        // Hosts for which no set was found are tried one by one.
        rounds += names(left).map { [$0] }
        self.rounds = rounds
    }
}
