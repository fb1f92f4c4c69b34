import ClusterModel

/// The end of a run: what is promised of it is looked at once more before it is said.
extension RunMachine {
    /// How far the last looks have come. The hosts come last: somebody may switch them off next.
    enum FinalObservation: Hashable, Sendable {
        case notAsked
        /// The guests that were touched are looked at, for the n-th time.
        case askedGuests(looks: Int)
        case guestsAnswered(FinalCheck.Looks)
        /// The hosts that were to be emptied are asked who is there, for the n-th time.
        case askedHosts(FinalCheck.Looks, looks: Int)
        case answered(FinalCheck.Looks)
    }

    /// The steps are over. A guest can have been started on an emptied host, or sent there, since
    /// the plan was made, and one that moved can have ended since: nobody may take that for granted
    /// by the steps alone.
    mutating func conclude(at time: Timestamp) -> [Directive] {
        if let reason = FinalCheck.unfinished(state) {
            return endUnproven(.failed, reason: reason, at: time)
        }
        switch lastLook {
        case .askedHosts, .askedGuests: return []
        case .answered(let looks): return finish(prove(looks), at: time)
        case .notAsked where state.promises.isEmpty:
            return askHosts(FinalCheck.Looks(), at: time)
        case .notAsked:
            lastLook = .askedGuests(looks: 1)
            return [.lookAtGuests(state.promises, afterMilliseconds: 0)]
        case .guestsAnswered(let guests): return askHosts(guests, at: time)
        }
    }

    private mutating func askHosts(
        _ guests: FinalCheck.Looks, at time: Timestamp
    ) -> [Directive] {
        guard !hostsToEmpty.isEmpty else { return finish(prove(guests), at: time) }
        lastLook = .askedHosts(guests, looks: 1)
        return [.lookAtHosts(hostsToEmpty, afterMilliseconds: 0)]
    }

    private func prove(_ looks: FinalCheck.Looks) -> RunOutcome {
        FinalCheck.outcome(of: state, looks, left: guestsLeftDown, askedBefore: askedBefore)
    }

    /// The answer to `lookAtGuests`.
    mutating func guestsLooked(_ seen: FinalCheck.Looks) -> [Directive] {
        guard case .askedGuests(let looks) = lastLook else { return [] }
        let promises = state.promises
        let hasDoubt = promises.contains { GuestPromise.isInDoubt(seen.guests[$0.domain]) }
        if hasDoubt, looks < bounds.lastLooks {
            lastLook = .askedGuests(looks: looks + 1)
            return [.lookAtGuests(promises, afterMilliseconds: bounds.lookPauseMilliseconds)]
        }
        lastLook = .guestsAnswered(seen)
        return []
    }

    /// The answer to `lookAtHosts`. A host that does not answer is asked again a few times, and who
    /// came meanwhile is planned for, a few times too.
    mutating func hostsLooked(_ sightings: [HostSighting]) -> [Directive] {
        guard case .askedHosts(var seen, let looks) = lastLook else { return [] }
        let newcomers = FinalCheck.newcomers(state, sightings)
        if !newcomers.isEmpty, newcomerRounds < bounds.newcomerRounds, stopReason == nil {
            newcomerRounds += 1
            (lastLook, planning) = (.notAsked, .wanted)
            let stayed = state.original.wishes.except
            let words = sightings.compactMap { $0.without(stayed).complaint }
                .joined(separator: "; ")
            occupied = words
            return [.tell("\(words): planned again")]
        }
        let hasDoubt = sightings.contains { $0.guests == nil }
        if hasDoubt, newcomers.isEmpty, looks < bounds.lastLooks {
            lastLook = .askedHosts(seen, looks: looks + 1)
            return [
                .lookAtHosts(hostsToEmpty, afterMilliseconds: bounds.lookPauseMilliseconds)
            ]
        }
        seen.hosts = sightings
        lastLook = .answered(seen)
        return []
    }

    private var hostsToEmpty: [HostName] {
        guard state.goal == .forward else { return [] }
        switch state.kind {
        case .drain, .consolidate: return state.original.hosts
        case .move, .return, .balance, .rollback: return []
        }
    }

    /// Of a run that proves nothing any more.
    mutating func endUnproven(
        _ end: RunOutcome.State, reason: String, at time: Timestamp
    ) -> [Directive] {
        let left = guestsLeftDown + state.stoppedWords()
        return finish(FinalCheck.outcome(end, reason: reason, left: left), at: time)
    }

    private mutating func finish(_ outcome: RunOutcome, at time: Timestamp) -> [Directive] {
        isFinished = true
        return [record(.ended(outcome), at: time), .finish(outcome)]
    }
}
