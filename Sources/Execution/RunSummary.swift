package import ClusterModel

/// One run in a list of runs.
package struct RunSummary: Hashable, Codable, Sendable {
    package var run: RunID
    package var kind: MigrationPlan.Kind
    package var hosts: [HostName]
    /// How it ended; nil while it is open. Final until someone resumes the run.
    package var outcome: RunOutcome?
    package var stopReason: String?
    package var startedAt: Timestamp?
    package var endedAt: Timestamp?
    /// Domains that are where the run was to bring them, of how many; what was planned again counts
    /// once.
    package var moved: Int
    package var meant: Int

    package init(_ run: RunID, _ state: RunState) {
        self.run = run
        kind = state.kind
        hosts = state.original.hosts
        outcome = state.outcome
        stopReason = state.stopReason
        startedAt = state.startedAt
        endedAt = state.endedAt
        let steps = state.steps.filter { step in
            guard step.goal == .forward else { return false }
            if case .skipped = step.status { return false }
            return true
        }
        meant = steps.count
        moved = steps.count { if case .done = $0.status { true } else { false } }
    }
}

/// Where a run took a domain.
package struct RunMove: Hashable, Sendable {
    package var run: RunID
    package var move: Move
    /// It left a host that the run was to empty.
    package var leavesDrained: Bool

    package init(run: RunID, move: Move, leavesDrained: Bool) {
        self.run = run
        self.move = move
        self.leavesDrained = leavesDrained
    }
}

extension RunState {
    /// Where it took each domain, and from which of them a drain took it away.
    package func moves(of run: RunID) -> [RunMove] {
        let drained = kind == .drain ? Set(original.hosts) : []
        return displacements.map { move in
            RunMove(run: run, move: move, leavesDrained: drained.contains(move.source))
        }
    }
}
