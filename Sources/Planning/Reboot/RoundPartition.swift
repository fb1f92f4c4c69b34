import ClusterModel

/// The fewest rounds for a few hosts, then those with the fewest moves, by looking at every set of
/// them.
///
/// A set can be empty together only if all its parts can, so that most sets are never asked about.
/// Then, by size, the fewest disjoint sets that make up each set: O(3ⁿ).
struct RoundPartition {
    let rounds: [[HostName]]

    init(_ hosts: [HostName], atMost: Int, moves: ([HostName]) -> Int?) {
        let all = (1 << hosts.count) - 1
        func names(_ set: Int) -> [HostName] {
            hosts.indices.filter { set & (1 << $0) != 0 }.map { hosts[$0] }
        }
        // What emptying a set takes; nil where that cannot be.
        var moved: [Int?] = Array(repeating: nil, count: all + 1)
        // Every part of a set has a smaller number.
        for set in stride(from: 1, through: all, by: 1) where set.nonzeroBitCount <= atMost {
            let arePartsFeasible = hosts.indices.allSatisfy { host in
                let part = set & ~(1 << host)
                return part == 0 || part == set || moved[part] != nil
            }
            moved[set] = arePartsFeasible ? moves(names(set)) : nil
        }
        // For each set the rounds and moves it needs, and one of the rounds.
        var fewest: [(rounds: Int, moves: Int, one: Int)?] = Array(repeating: nil, count: all + 1)
        fewest[0] = (0, 0, 0)
        for set in stride(from: 1, through: all, by: 1) {
            let first = set & -set
            var part = set
            while part > 0 {
                if part & first != 0, let own = moved[part], let rest = fewest[set & ~part] {
                    let (rounds, moves) = (rest.rounds + 1, rest.moves + own)
                    if fewest[set].map({ (rounds, moves) < ($0.rounds, $0.moves) }) ?? true {
                        fewest[set] = (rounds, moves, part)
                    }
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
