import ClusterModel
import PlacementPolicy

/// What no plan can undercut: the fewest hosts that the fleet could run on.
///
/// Five relaxations, whichever is highest. Volume: for each resource the hosts that must stay in
/// use anyway and the roomiest of the others hold all that runs. Size: of domains above half of the
/// roomiest host's room no two share a host. Apart: members of an anti-affinity group that was
/// whole are on as many hosts. N+1: all but the roomiest of the hosts in use hold everything,
/// filled to their full capacity.
struct HostsBound {
    /// Of the hosts that may be used at all.
    let fewest: Int

    /// `fixed` hosts stay in use whatever is planned; those of them that take nothing have no more
    /// room than their own domains need.
    init(
        _ problem: PlacementProblem, fixed: [Int], others: [Int], isOpen: (Int) -> Bool,
        keepsSpareRoom: Bool
    ) {
        let domains = problem.domains.indices.filter {
            problem.hosts[problem.origin[$0]].isReachable
        }
        var fewest = max(fixed.count, domains.isEmpty ? 0 : 1)
        for resource in 0..<problem.width {
            let room = { (host: Int) in
                let index = host * problem.width + resource
                return isOpen(host) ? problem.limit[index] : problem.initialLoad[index]
            }
            let demands = domains.map { problem.load(of: $0, resource) }
            fewest = max(
                fewest, Self.volume(demands.reduce(0, +), fixed.map(room), others.map(room)))
            let roomiest = (fixed + others).map(room).max() ?? 0
            fewest = max(fewest, demands.count { $0 > roomiest - $0 })
            if keepsSpareRoom {
                let capacities = (fixed + others).map {
                    problem.capacity[$0 * problem.width + resource]
                }
                fewest = max(fewest, Self.spare(demands.reduce(0, +), capacities))
            }
        }
        let reachable = Set(domains)
        for group in problem.groups {
            guard case .apart = group.kind, case .host = group.scope else { continue }
            let members = group.members.filter { reachable.contains($0) }
            guard group.excess == 0, group.initialSpread == group.members.count else { continue }
            fewest = max(fewest, members.count)
        }
        self.fewest = fewest
    }

    /// The roomiest of this many hosts fails, and the others hold everything.
    private static func spare(_ load: Int64, _ capacities: [Int64]) -> Int {
        load > 0 ? 1 + volume(load, [], Array(capacities.sorted(by: >).dropFirst())) : 0
    }

    private static func volume(_ load: Int64, _ fixed: [Int64], _ others: [Int64]) -> Int {
        var left = load - fixed.reduce(0, +)
        var count = fixed.count
        for room in others.sorted(by: >) where left > 0 {
            left -= room
            count += 1
        }
        return count
    }
}
