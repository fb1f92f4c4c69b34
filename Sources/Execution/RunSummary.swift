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
    /// Guests that it asked to shut down and did not see up again; nil where there are none.
    package var asked: [AskedGuest]?

    package init(_ run: RunID, _ state: RunState) {
        self.run = run
        kind = state.kind
        hosts = state.original.hosts
        outcome = state.outcome
        stopReason = state.stopReason
        startedAt = state.startedAt
        endedAt = state.endedAt
        // What was planned again, or goes by way of a third host, counts once.
        var last: [DomainID: StepStatus] = [:]
        for step in state.steps where step.goal == .forward && step.status != .plannedAgain {
            last[step.step.move.domain] = step.status
        }
        meant = last.count
        moved = last.values.count { if case .done = $0 { true } else { false } }
        let left = state.askedGuests
        asked = left.isEmpty ? nil : left
    }
}

/// A guest that a run asked to shut down.
package struct AskedGuest: Hashable, Codable, Sendable {
    package var domain: DomainID
    package var name: String
    /// Where it ran.
    package var host: HostName

    package init(domain: DomainID, name: String, host: HostName) {
        self.domain = domain
        self.name = name
        self.host = host
    }
}

extension RunState {
    /// In order of the steps that asked them.
    package var askedGuests: [AskedGuest] {
        asked.values.sorted { $0.step < $1.step }.compactMap { step($0.step)?.step }.map {
            AskedGuest(domain: $0.move.domain, name: $0.domainName, host: $0.move.source)
        }
    }
}

/// Where a run took a domain.
package struct RunMove: Hashable, Sendable {
    package var run: RunID
    package var move: Move
    /// It left a host that the run was to empty.
    package var leavesDrained: Bool
    /// Of one that stayed where it was, and was stopped or started there; nil of a migration.
    package var inPlace: Step.Mode?

    package init(
        run: RunID, move: Move, leavesDrained: Bool, inPlace: Step.Mode? = nil
    ) {
        self.run = run
        self.move = move
        self.leavesDrained = leavesDrained
        self.inPlace = inPlace
    }
}

extension RunState {
    /// Where it took each domain, and from which of them a drain took it away.
    package func moves(of run: RunID) -> [RunMove] {
        let drained = kind == .drain ? Set(original.hosts) : []
        let moved = displacements.map { move in
            RunMove(run: run, move: move, leavesDrained: drained.contains(move.source))
        }
        return moved
            + changesInPlace.map { step in
                RunMove(
                    run: run, move: step.move, leavesDrained: step.mode.stopsInPlace,
                    inPlace: step.mode)
            }
    }

    /// The last that was done to each guest that it stopped or started where it was.
    var changesInPlace: [Step] {
        var found: [Step] = []
        for state in steps where state.step.mode.isInPlace {
            switch state.status {
            case .done, .compensated: break
            case .pending, .running, .failed, .skipped: continue
            }
            found.removeAll { $0.move.domain == state.step.move.domain }
            found.append(state.step)
        }
        return found
    }
}
