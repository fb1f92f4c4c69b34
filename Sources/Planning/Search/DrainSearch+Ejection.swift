/// Making room by moving others, when the construction left some units without a place.
extension DrainSearch {
    /// Places all that is left by moving others; the order of moves when that succeeds.
    mutating func eject(_ left: [Int], free: [Int]) -> [PlannedMove]? {
        guard totals(left).isEmpty else { return nil }
        let leaving = Set(free)
        let others = start.isMovable.indices.filter { unit in
            start.isMovable[unit] && !leaving.contains(unit)
        }.count
        let isSmall = others + free.count <= 16
        var fallback: UnitPlacement?
        var tried = 0
        for residents in 0...(isSmall ? others : min(others, effort.residentsMoved)) {
            var search = EjectionSearch(state, targets: targets, free: free)
            var sequence: [PlannedMove]?
            let found = search.solve(
                left, residents: residents,
                budget: isSmall ? effort.trialsPerRoundWhenSmall : effort.trialsPerRound
            ) { placement in
                tried += 1
                let moves = Self.moves(from: start, to: placement)
                var sequencer = MoveSequencer(
                    moves, in: placement.problem, compatibility: start.compatibility)
                sequence = sequencer.sequence(detours: 0)
                if sequence == nil, fallback == nil {
                    fallback = start
                    fallback?.placement = placement
                }
                return sequence != nil || tried >= Self.assignmentsAtMost
            }
            if found, let sequence {
                state = search.state
                return sequence
            }
            // Without a cut everything was tried, and it is known that nothing is to be found.
            wasCut = search.wasCut || tried > 0
            if tried >= Self.assignmentsAtMost || !search.wasCut { break }
        }
        guard let fallback else { return nil }
        let moves = Self.moves(from: start, to: fallback.placement)
        switch Ordering.order(
            moves, state.problem, state.compatibility, bystanders: bystanders(moves))
        {
        case .sequence(let sequence): return sequence
        case .stuck: return nil
        }
    }

    /// For a best effort: places one after another, and returns those that found no place.
    mutating func ejectEach(_ left: [Int], free: [Int]) -> [Int] {
        var stay: [Int] = []
        for unit in left {
            var isPlaced = false
            for residents in 0...3 where !isPlaced {
                var search = EjectionSearch(state, targets: targets, free: free)
                let unplaced = left.filter {
                    $0 != unit
                        && state.placement.host[
                            state.units.members[$0][0]] == WorkingPlacement.nowhere
                }
                isPlaced = search.solve(
                    [unit], residents: residents, budget: effort.trialsPerDomain
                ) { placement in
                    var attempt = start
                    attempt.placement = placement
                    for other in unplaced { attempt.place(other, on: start.host(of: other)) }
                    // Whoever stays behind must not find its group broken by those that move.
                    guard unplaced.allSatisfy({ attempt.violation(of: $0) == nil }) else {
                        return false
                    }
                    let moves = Self.moves(from: start, to: attempt.placement)
                    var sequencer = MoveSequencer(
                        moves, in: placement.problem, compatibility: start.compatibility)
                    return sequencer.sequence(detours: 0) != nil
                }
                if isPlaced { state = search.state }
            }
            if !isPlaced { stay.append(unit) }
        }
        return stay
    }
}
