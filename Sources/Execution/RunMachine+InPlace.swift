import ClusterModel

/// Guests that are stopped or started where they are. There is one host to look at, and the
/// recovery table, which is about two, has no say; what is asked of that host is asked in the same
/// phases, with the same records, and so the same goes on after a crash.
extension RunMachine {
    /// Just before: it must be as the plan says. What somebody else has done to it meanwhile is
    /// left alone.
    mutating func preflightedInPlace(
        _ step: Step, _ seen: DomainSighting, looks: Int, at time: Timestamp
    ) -> [Directive] {
        let isAsked = state.asked[step.move.domain] != nil
        switch InPlaceTable.verdict(of: seen, for: step, isAsked: isAsked) {
        case .start:
            enter(.preparing(seen, unreachable: []), step.id)
            return [.lookElsewhere(step.id)]
        case .skip(let reason):
            enter(nil, step.id)
            return [record(.skipped(step.id, reason: reason), at: time)]
        case .lookAgain where looks < 3:
            enter(.prechecking(looks: looks + 1), step.id)
            return [.look(step.id, .preflight, afterMilliseconds: bounds.lookPauseMilliseconds)]
        case .lookAgain(let doubt), .refuse(let doubt):
            return giveUp(step, error: doubt, at: time)
        }
    }

    /// Before a guest is started all others were asked whether they have it. It ended on its host
    /// since that booted, and so only one that runs it stands against that; or else all must say
    /// that they do not know it, for days may have passed.
    mutating func lookedBeforeStart(
        _ step: Step, _ seen: DomainSighting, _ sightings: [HostName: DomainSighting],
        at time: Timestamp
    ) -> [Directive] {
        let doubt =
            WakeProof.hasEnded(seen)
            ? ElsewhereDoubt.running(in: sightings)
            : ElsewhereDoubt.found(in: sightings, excused: [])
        guard let doubt else { return start(step, source: seen, at: time) }
        return giveUp(
            step,
            error: "it is not started on \(step.move.source): \(doubt.words). When it is sure that "
                + "it runs nowhere: virsh start '\(step.domainName)'", at: time)
    }

    /// Its call is over, or another process made it.
    mutating func verifiedInPlace(
        _ open: RunState.StepState, _ seen: DomainSighting, _ before: StepPhase.Search,
        _ attempt: Attempt, at time: Timestamp
    ) -> [Directive] {
        var attempt = attempt
        let (step, decision) = (open.step, InPlaceTable.decide(seen, after: open.step))
        switch decision {
        case .done:
            enter(nil, step.id)
            return [
                record(.arrived(step.id, attempt.statistics, note: attempt.note), at: time)
            ]
        case .notDone:
            return attemptFailed(step, error: attempt.error ?? "it was interrupted", at: time)
        case .changed(let reason):
            enter(nil, step.id)
            return [record(.skipped(step.id, reason: reason), at: time)]
        case .wait(let what):
            guard attempt.tries.waits < bounds.waits else { return halt(step, what) }
            attempt.tries.waits += 1
            enter(.locating(.underWay, attempt), step.id)
        case .lookAgain(let doubt):
            guard attempt.tries.looks < bounds.looks else {
                let seconds = Int64(bounds.looks) * bounds.lookPauseMilliseconds / 1000
                return halt(step, "unchanged after \(seconds) s: \(doubt)")
            }
            attempt.tries.looks += 1
            enter(.locating(.open, attempt), step.id)
        }
        return [.look(step.id, .verify, afterMilliseconds: bounds.lookPauseMilliseconds)]
    }
}
