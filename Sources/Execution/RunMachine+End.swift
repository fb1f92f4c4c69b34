import ClusterModel

/// The end of a run: what is promised of it is looked at once more before it is said.
extension RunMachine {
    /// How far the last look at the hosts that the run was to empty has come.
    enum FinalObservation: Hashable, Sendable {
        case notAsked
        case asked(looks: Int)
        case answered(RunOutcome)
    }

    /// The steps are over. A guest can have been started on an emptied host, or sent there, since
    /// the plan was made: nobody may take the host for empty by the steps alone.
    mutating func conclude(at time: Timestamp) -> [Directive] {
        let outcome = completion
        guard outcome.state == .done, !hostsToEmpty.isEmpty else {
            return finish(outcome, at: time)
        }
        switch lastLook {
        case .asked: return []
        case .answered(let outcome): return finish(outcome, at: time)
        case .notAsked:
            lastLook = .asked(looks: 1)
            return [.lookAtHosts(hostsToEmpty, afterMilliseconds: 0)]
        }
    }

    /// The answer to `lookAtHosts`. A host that does not answer is asked again a few times.
    mutating func hostsLooked(_ sightings: [HostSighting]) -> [Directive] {
        guard case .asked(let looks) = lastLook else { return [] }
        let hasDoubt = sightings.contains { $0.guests == nil }
        let isOccupied = sightings.contains { $0.guests?.isEmpty == false }
        if hasDoubt, !isOccupied, looks < bounds.lastLooks {
            lastLook = .asked(looks: looks + 1)
            return [
                .lookAtHosts(hostsToEmpty, afterMilliseconds: bounds.lookPauseMilliseconds)
            ]
        }
        let complaints = sightings.compactMap(\.complaint)
        lastLook = .answered(
            complaints.isEmpty
                ? RunOutcome(.done)
                : RunOutcome(.failed, reason: complaints.joined(separator: "; ")))
        return []
    }

    private var hostsToEmpty: [HostName] {
        guard state.goal == .forward else { return [] }
        switch state.kind {
        case .drain, .consolidate: return state.original.hosts
        case .return, .balance, .rollback: return []
        }
    }

    private var completion: RunOutcome {
        let waiting = state.steps.filter { $0.status == .pending }
        guard waiting.isEmpty else {
            return RunOutcome(
                .failed, reason: "\(waiting.count) steps wait for steps that did not end well")
        }
        guard state.goal == .rollback else {
            return blockersBeyondPlan(state.plan).map { RunOutcome(.failed, reason: $0) }
                ?? RunOutcome(.done)
        }
        guard state.plan.blockers.isEmpty else {
            let rest = summary(of: state.plan.blockers)
            return RunOutcome(.failed, reason: "not all could be brought back: \(rest)")
        }
        return RunOutcome(.rolledBack)
    }

    /// A guest that this run asked to shut down and that is not up for sure is named, and no run
    /// that leaves one ended well.
    mutating func finish(_ outcome: RunOutcome, at time: Timestamp) -> [Directive] {
        isFinished = true
        var outcome = outcome
        let left = guestsLeftDown
        if !left.isEmpty {
            outcome.reason = ([outcome.reason].compactMap { $0 } + left).joined(separator: "; ")
            if outcome.state != .halted { outcome.state = .failed }
        }
        return [record(.ended(outcome), at: time), .finish(outcome)]
    }
}
