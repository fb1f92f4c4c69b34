import ClusterModel

extension BalancePlanning {
    /// A balance that N+1 was asked of.
    struct Kept {
        var sequence: [PlannedMove]
        var batches: [Int] = []
        /// Whose failure stood against moves that were left out, when none is left.
        var blockers: [Blocker] = []
    }

    /// The moves with other targets where N+1 needs that, or fewer of them: the last are left out
    /// first.
    func keepingSpareRoom(_ wanted: [PlannedMove]) -> Kept {
        guard !wanted.isEmpty, let keeper = SpareRoomKeeper(problem) else {
            return Kept(sequence: wanted)
        }
        let targets = problem.hosts.indices.filter { compatibility.isOpen($0) }
        var sequence = wanted
        var blockers: [Blocker] = []
        while let last = sequence.last {
            switch keeper.keep(sequence, from: start, targets: targets, what: "after the plan") {
            case .kept(let kept, let batches):
                if isSound(Self.net(kept)), isNoPeakHigher(kept) {
                    return Kept(sequence: kept, batches: batches)
                }
            case .broken(let found): blockers = found
            }
            let unit = start.units.unit[last.domain]
            let moves = Self.net(sequence).filter { start.units.unit[$0.domain] != unit }
            guard case .sequence(let next) = Ordering.order(moves, problem, compatibility),
                isSound(moves)
            else { return Kept(sequence: [], blockers: blockers) }
            sequence = next
        }
        return Kept(sequence: [], blockers: blockers)
    }

    /// Each domain's move from its first host to its last, without detours.
    private static func net(_ sequence: [PlannedMove]) -> [PlannedMove] {
        var moves: [Int: PlannedMove] = [:]
        for move in sequence {
            moves[move.domain, default: move].target = move.target
        }
        return moves.values.sorted { $0.domain < $1.domain }
    }

    private func isNoPeakHigher(_ moves: [PlannedMove]) -> Bool {
        var placement = WorkingPlacement(problem)
        for move in moves {
            placement.remove(move.domain)
            placement.place(move.domain, on: move.target)
        }
        return repairs(placement) || view.isHarmless(view.shares(placement.load))
    }
}
