import ClusterModel

/// The drain as a search of the engine from where everything is now, when construction and ejection
/// found nothing and did not prove that there is nothing.
extension DrainSearch {
    /// Changes proposed for each unit where there are more than a few.
    static let proposalsPerUnit = 1000

    /// Places all that is leaving; the order of moves when that succeeds.
    mutating func searchOn(_ moving: [Int], random: inout SplitMix64) -> [PlannedMove]? {
        guard effort.proposals > 0, !moving.isEmpty else { return nil }
        var assignment = PlacementAssignment(start, targets: targets)
        assignment.empty(moving)
        // In a small cluster ejection has seen all there is to see but orders.
        let isSmall = start.isMovable.count <= 16
        if !isSmall, let found = annealed(assignment, moving, seed: random.next()) { return found }
        var walk = AssignmentWalk(assignment.problem, seed: random.next())
        let (start, targets) = (self.start, Set(targets))
        let steps = walk.run(moving, proposals: isSmall ? effort.proposals / 8 : proposals) {
            step in
            targets.contains(step.to)
                && start.units.members[step.item].allSatisfy {
                    start.compatibility.allows($0, from: step.from, to: step.to)
                }
        }
        guard let steps else { return nil }
        var path = WalkedPath(steps, from: start, leaving: moving)
        path.shorten()
        guard let final = path.final else { return nil }
        state = final
        return path.moves
    }

    private var proposals: Int {
        min(effort.proposals, Self.proposalsPerUnit * start.isMovable.count)
    }

    /// The placement that the engine finds by all its means, if its moves can be ordered.
    private mutating func annealed(
        _ assignment: PlacementAssignment, _ moving: [Int], seed: UInt64
    ) -> [PlannedMove]? {
        let bins = assignment.search(proposals: proposals, seed: seed)
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
