import ClusterModel

/// The drain as a search of the engine from where everything is now, when construction and ejection
/// found nothing and did not prove that there is nothing.
extension DrainSearch {
    /// Changes proposed for each unit, and at least in all.
    static let proposalsPerUnit = 1000
    static let proposalsAtLeast = 100_000
    /// What a host costs that holds twice what it has, in moves. Each row is one search from where
    /// everything is: cheap enough at first to pass through, then too dear to stay there.
    static let prices: [[Int64]] = [[32, 128, 512], [64, 256, 1024]]

    /// Places all that is leaving; the order of moves when that succeeds.
    mutating func searchOn(_ moving: [Int], random: inout SplitMix64) -> [PlannedMove]? {
        guard effort.proposals > 0, !moving.isEmpty else { return nil }
        var assignment = PlacementAssignment(start, targets: targets)
        assignment.empty(moving)
        // In a small cluster ejection has seen all there is to see but orders.
        let isSmall = start.isMovable.count <= 16
        if !isSmall, let found = crowded(assignment, moving, random: &random) { return found }
        let proposals = isSmall ? effort.proposals / 8 : proposals
        guard
            let path = walked(
                assignment, moving, proposals: proposals, seed: random.next()),
            let final = path.final
        else { return nil }
        // Where the walk led may be reached by fewer moves than it took.
        let hosts = start.units.members.indices.map { final.host(of: $0) }
        if let found = settled(assignment, at: hosts, moving, seed: random.next()),
            found.count <= path.moves.count
        {
            return found
        }
        state = final
        return path.moves
    }

    private var proposals: Int {
        min(
            effort.proposals,
            max(Self.proposalsAtLeast, Self.proposalsPerUnit * start.isMovable.count))
    }

    private func walked(
        _ assignment: PlacementAssignment, _ moving: [Int], proposals: Int, seed: UInt64
    ) -> WalkedPath? {
        var walk = AssignmentWalk(assignment.problem, seed: seed)
        let targets = Set(targets)
        let steps = walk.run(moving, proposals: proposals) { step in
            targets.contains(step.to)
                && start.units.members[step.item].allSatisfy {
                    start.compatibility.allows($0, from: step.from, to: step.to)
                }
        }
        guard let steps else { return nil }
        var path = WalkedPath(steps, from: start, leaving: moving)
        path.shorten()
        return path
    }

    /// By way of placements that hold too much.
    private mutating func crowded(
        _ assignment: PlacementAssignment, _ moving: [Int], random: inout SplitMix64
    ) -> [PlannedMove]? {
        for prices in Self.prices {
            var hosts: [Int]?
            for price in prices {
                let bins = assignment.crowded(targets, perHost: price)
                    .search(from: hosts, proposals: proposals / 2, seed: random.next())
                let found = Array(bins.prefix(start.units.members.count))
                hosts = found
                if assignment.isFeasible(found),
                    let sequence = settled(assignment, at: found, moving, seed: random.next())
                {
                    return sequence
                }
            }
        }
        return nil
    }

    /// The moves to a placement that takes as few of them as the engine finds, beginning with this
    /// one, each domain once if that can be ordered.
    private mutating func settled(
        _ assignment: PlacementAssignment, at hosts: [Int], _ moving: [Int], seed: UInt64
    ) -> [PlannedMove]? {
        let bins = assignment.search(from: hosts, proposals: proposals / 2, seed: seed)
        guard moving.allSatisfy({ bins[$0] != start.origin(of: $0) }),
            let placement = assignment.placement(at: bins)
        else { return nil }
        let moves = Self.moves(from: start, to: placement.placement)
        guard
            case .sequence(let sequence) = Ordering.order(
                moves, start.problem, start.compatibility, bystanders: bystanders(moves))
        else { return nil }
        state = placement
        return sequence
    }
}
