import ClusterModel

/// What no plan can undercut: the lowest peak of one resource with at most this many moves.
///
/// Two relaxations, whichever is higher. Averaging: all hosts together must hold all load. Removal:
/// to bring a host down to a share, at least this many of its largest domains must leave, wherever
/// they may go; over all hosts these are no more than the moves allowed.
struct BalanceBound {
    private let problem: PlacementProblem
    private let resource: Int
    private let hosts: [Int]
    private let isOpen: [Bool]
    /// For each of `hosts`, what its largest movable domains sum up to: none, one, two, …
    private var leaving: [[Int64]] = []

    init(_ problem: PlacementProblem, resource: Int, isOpen: [Bool], isMovable: (Int) -> Bool) {
        self.problem = problem
        self.resource = resource
        self.isOpen = isOpen
        hosts = problem.hosts.indices.filter { problem.hosts[$0].isReachable }
        var demands: [[Int64]] = Array(repeating: [], count: problem.hosts.count)
        for domain in problem.domains.indices where isMovable(domain) {
            let demand = problem.load(of: domain, resource)
            if demand > 0 { demands[problem.origin[domain]].append(demand) }
        }
        leaving = hosts.map { host in
            var sums: [Int64] = [0]
            for demand in demands[host].sorted(by: >) { sums.append(sums[sums.count - 1] + demand) }
            return sums
        }
    }

    /// In hundredths of a percent, found by bisection: O(log of the peak × domains).
    func peak(moves: Int) -> Int64 {
        var (low, high) = (Int64(0), Int64(0))
        for host in hosts { high = max(high, share(load(host), host)) }
        while low < high {
            let middle = (low + high) / 2
            if mayReach(middle, moves: moves) { high = middle } else { low = middle + 1 }
        }
        return high
    }

    private func load(_ host: Int) -> Int64 { problem.initialLoad[host * problem.width + resource] }

    private func share(_ load: Int64, _ host: Int) -> Int64 {
        WorkingPlacement.share(load, of: problem.capacity[host * problem.width + resource])
    }

    private func mayReach(_ share: Int64, moves: Int) -> Bool {
        fewestMoves(to: share).map { $0 <= moves } ?? false
    }

    /// So many moves at least bring every host down to a share; nil when nothing does.
    private func fewestMoves(to share: Int64) -> Int? {
        var needed = 0
        var (total, room) = (Int64(0), Int64(0))
        for (position, host) in hosts.enumerated() {
            let load = load(host)
            let capacity = problem.capacity[host * problem.width + resource]
            let most = WorkingPlacement.most(share, of: capacity)
            total += load
            room += isOpen[host] ? most : min(most, load)
            guard self.share(load, host) > share else { continue }
            let count = leaving[position].firstIndex { self.share(load - $0, host) <= share }
            guard let count else { return nil }
            needed += count
        }
        return room >= total ? needed : nil
    }

    /// So many at least bring every host under its ceiling; nil when nothing does. A host that can
    /// not come down so far counts with all that it can give. `ceilings` are host × resource.
    func fewestMoves(under ceilings: [Int64]) -> Int? {
        var needed = 0
        var (total, room) = (Int64(0), Int64(0))
        for (position, host) in hosts.enumerated() {
            let load = load(host)
            let most = ceilings[host * problem.width + resource]
            let sums = leaving[position]
            total += load
            room += max(most, load - sums[sums.count - 1])
            guard load > most else { continue }
            needed += sums.firstIndex { load - $0 <= most } ?? sums.count - 1
        }
        return room >= total ? needed : nil
    }
}
