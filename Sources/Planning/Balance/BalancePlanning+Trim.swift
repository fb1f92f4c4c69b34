import ClusterModel
import PlacementPolicy

/// What the engine makes of a point on the frontier: the same balance with fewer moves, or with as
/// many and less to copy.
extension BalancePlanning {
    /// Changes proposed for each unit.
    private static let proposalsPerUnit = 300

    func withoutNeedlessMoves(_ point: BalanceSearch.Point) -> BalanceSearch.Point {
        let proposals = min(effort.proposals, Self.proposalsPerUnit * start.isMovable.count)
        guard point.moves > 0, proposals > 0 else { return point }
        var assignment = PlacementAssignment(start, targets: targets)
        let load = self.load(at: point.hosts)
        assignment.limitLoads(ceilings(load))
        for (resource, floors) in floors(load) { assignment.addFloors(floors, resource: resource) }
        let bins = assignment.search(from: point.hosts, proposals: proposals, seed: seed)
        guard let placement = assignment.placement(at: bins) else { return point }
        let moved = start.units.members.indices.filter { bins[$0] != start.origin(of: $0) }
        let shares = view.shares(placement.placement.load)
        let found = BalanceSearch.Point(
            moves: moved.reduce(0) { $0 + start.units.members[$1].count },
            score: BalanceScore(view, shares: shares),
            hosts: start.units.members.indices.map { bins[$0] }, shares: shares)
        return isBetter(found, than: point) ? found : point
    }

    private func load(at hosts: [Int]) -> [Int64] {
        var load = problem.initialLoad
        for domain in problem.domains.indices {
            let target = hosts[start.units.unit[domain]]
            for resource in 0..<problem.width {
                let amount = problem.load(of: domain, resource)
                load[problem.origin[domain] * problem.width + resource] -= amount
                load[target * problem.width + resource] += amount
            }
        }
        return load
    }

    /// The peak of each measure, or its limit where that is lower; hosts that hold more keep it.
    private func ceilings(_ load: [Int64]) -> [Int64] {
        var ceilings = problem.limit
        for measure in view.measures {
            let peak = view.hosts.map { view.share(of: $0, measure.resources, load) }.max() ?? 0
            for host in view.hosts {
                for resource in measure.resources {
                    let index = host * problem.width + resource
                    let most = WorkingPlacement.most(
                        min(peak, measure.limit), of: problem.capacity[index])
                    ceilings[index] = min(ceilings[index], max(load[index], most))
                }
            }
        }
        return ceilings
    }

    /// What keeps each host from being emptier than the policy's spread allows under the peak: of
    /// CPU slots the one that is fullest now.
    private func floors(_ load: [Int64]) -> [(resource: Int, floors: [Int64])] {
        view.measures.flatMap { measure -> [(resource: Int, floors: [Int64])] in
            let peak = view.hosts.map { view.share(of: $0, measure.resources, load) }.max() ?? 0
            let least = peak - problem.policy.balance.spread
            guard least > 0 else { return [] }
            var floors = Dictionary(
                uniqueKeysWithValues: measure.resources.map {
                    ($0, Array(repeating: Int64(0), count: problem.hosts.count))
                })
            for host in view.hosts {
                let base = host * problem.width
                guard let fullest = measure.resources.max(by: { load[base + $0] < load[base + $1] })
                else { continue }
                floors[fullest]?[host] = min(
                    load[base + fullest],
                    WorkingPlacement.most(least, of: problem.capacity[base + fullest]))
            }
            return floors.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        }
    }

    /// Where the policy is content, content with fewer moves; with as many, or elsewhere, as good
    /// in every tier and less to copy. A less even fleet would be out of balance again the sooner:
    /// that costs another move.
    private func isBetter(
        _ found: BalanceSearch.Point, than point: BalanceSearch.Point
    ) -> Bool {
        let rules = problem.policy.balance
        if point.score.isEnough(rules), found.moves < point.moves {
            return found.score.isEnough(rules) && found.score.peak <= point.score.peak
        }
        let isAsGood = found.score <= point.score && found.score.spread <= point.score.spread
        let costs = [found, point].map { ($0.moves, bytes(to: $0.hosts)) }
        return isAsGood && costs[0] < costs[1]
    }

    /// What must be copied.
    private func bytes(to hosts: [Int]) -> Int64 {
        problem.domains.indices.reduce(0) { sum, domain in
            guard hosts[start.units.unit[domain]] != problem.origin[domain] else { return sum }
            let facts = problem.domains[domain].facts
            return sum + facts.copiedMemory.count
        }
    }
}
