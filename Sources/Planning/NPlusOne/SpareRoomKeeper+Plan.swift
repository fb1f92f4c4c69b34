import ClusterModel

extension SpareRoomKeeper {
    /// What became of a plan that N+1 was asked of.
    enum Kept {
        case kept([PlannedMove], batches: [Int])
        case broken([Blocker])
    }

    /// The plan as it is or with other targets, in batches; or what stands against it. `what` is
    /// the state after the plan in words, such as "with host1 empty".
    func keep(
        _ sequence: [PlannedMove], from start: UnitPlacement, targets: [Int], what: String
    ) -> Kept {
        var state = start
        for move in sequence {
            state.placement.remove(move.domain)
            state.placement.place(move.domain, on: move.target)
        }
        var sequence = sequence
        let worse = worsened(state.placement)
        if !worse.isEmpty {
            let moved = Set(sequence.map { start.units.unit[$0.domain] }).sorted()
            guard repair(&state, units: moved, targets: targets),
                case .sequence(let other) = Ordering.order(
                    DrainSearch.moves(from: start, to: state.placement), start.problem,
                    start.compatibility)
            else { return .broken(worse.map { blocker($0, while: what) }) }
            sequence = other
        }
        switch batches(sequence) {
        case .found(let batches): return .kept(sequence, batches: batches)
        case .stuck(let step, let worse):
            let move = sequence[step]
            let problem = start.problem
            let what =
                "while \(problem.domains[move.domain].name) moves to "
                + "\(problem.hosts[move.target].name)"
            return .broken(worse.map { blocker($0, while: what) })
        }
    }
}
