import ClusterModel

/// After a migration, a repair or a crash: who has the guest, and what is to be done about it.
extension RunMachine {
    /// What one look at both hosts shows of a step.
    struct Picture {
        let open: RunState.StepState
        let target: DomainSighting
        let source: DomainSighting
        let decision: RecoveryDecision
        /// For people: the row of the recovery table and both sightings.
        let words: String

        /// A migration leaves the source and the target has no process for it, at most a definition
        /// that an earlier one left: whoever began it, it is not this step's. Neither is one of a
        /// guest that runs on both: ours pauses it on the source before it runs on the target.
        var isForeign: Bool {
            guard decision == .wait, source.jobActive, !target.jobActive else { return false }
            return target.presence == .absent || target.presence == .inactive
                || (source.presence == .running && target.presence == .running)
        }
        var foreignWords: String {
            "someone else migrates it from \(step.move.source) to another host than "
                + "\(step.move.target): wait for its end, then resume this run; \(words)"
        }

        var step: Step { open.step }
        var id: StepID { open.step.id }
    }

    /// Both hosts were looked at.
    mutating func verified(
        _ id: StepID, source: DomainSighting, target: DomainSighting, at time: Timestamp
    ) -> [Directive] {
        guard case .locating(let before, var attempt) = phases[id], let open = state.step(id),
            case .running = open.status
        else { preconditionFailure("step \(id) verified in phase \(phases[id] as Any)") }
        if open.step.mode.isInPlace {
            return verifiedInPlace(open, source, before, attempt, at: time)
        }
        let (row, found) = RecoveryTable.decide(
            source: source, target: target, after: open.beginning)
        let decision = attempt.corrected(found)
        let seen = Picture(
            open: open, target: target, source: source, decision: decision,
            words: "\(row.label): \(words(source, target, open.step))")
        let search = before.after(decision)
        noteWhetherItRan(seen, &attempt)
        if isStillComing(seen, attempt) {
            attempt.tries.looks += 1
            enter(.locating(search, attempt), id)
            return [.look(id, .verify, afterMilliseconds: bounds.lookPauseMilliseconds)]
        }
        if let directives = imageWork(seen, search, &attempt, at: time) { return directives }
        switch decision {
        case .arrived where losesAutostart(seen), .arrivedThenStopped where losesAutostart(seen):
            return settle(.setAutostart, seen, search, attempt, at: time)
        case .arrived:
            enter(nil, id)
            let statistics = attempt.statistics(of: open, until: time)
            return [record(.arrived(id, statistics, note: attempt.note), at: time)]
        case .arrivedThenStopped:
            enter(nil, id)
            return [
                record(.arrived(id, attempt.statistics, note: stopped(seen, attempt)), at: time)
            ]
        case .stayed where hasLostAutostart(seen):
            return settle(.setSourceAutostart, seen, search, attempt, at: time)
        case .stayed:
            return attemptFailed(seen.step, error: attempt.error ?? Self.interrupted, at: time)
        case .stopped:
            enter(nil, id)
            let host = seen.step.move.source
            let what =
                source.cause == .left
                ? Self.leftWords(host) : "was shut down on \(host) meanwhile"
            let words = [what, attempt.note]
            let reason = words.compactMap { $0 }.joined(separator: "; ")
            return [record(.skipped(id, reason: reason), at: time)]
        case .settle(.startTarget) where search == .goingBack:
            return settle(.returnDefinition, seen, search, attempt, at: time)
        case .settle(.undefineTarget) where search != .goingBack && isHandingOver(seen, attempt):
            return settle(.undefineSource, seen, search, attempt, at: time)
        case .settle(let settlement):
            return settle(settlement, seen, search, attempt, at: time)
        case .wait, .lookAgain, .halt:
            return lookOn(seen, search, attempt)
        }
    }

    /// A definition that is migrated loses its autostart flag.
    private func losesAutostart(_ seen: Picture) -> Bool {
        guard case .running(_, persistent: true, autostart: true) = seen.open.status else {
            return false
        }
        return seen.target.isPersistent && !seen.target.autostart
    }

    /// The same where the definition came back. What a person changed on the source meanwhile is
    /// left alone.
    private func hasLostAutostart(_ seen: Picture) -> Bool {
        guard case .running(_, persistent: true, autostart: true) = seen.open.status else {
            return false
        }
        return seen.open.settlements.contains(.returnDefinition) && seen.source.isPersistent
            && !seen.source.autostart
    }

    /// That it went over and was shut down since, and what else there is to say.
    private func stopped(_ seen: Picture, _ attempt: Attempt) -> String? {
        let words = seen.step.isShutOff ? nil : "was shut down on \(seen.step.move.target) since"
        let notes = [words, attempt.note].compactMap { $0 }
        return notes.isEmpty ? nil : notes.joined(separator: "; ")
    }

    /// Nothing can be done yet, or at all: look again within the bounds, else a person must.
    private mutating func lookOn(
        _ seen: Picture, _ search: StepPhase.Search, _ attempt: Attempt
    ) -> [Directive] {
        var attempt = attempt
        let again = Directive.look(
            seen.id, .verify, afterMilliseconds: bounds.lookPauseMilliseconds)
        attempt.isForeign = seen.isForeign
        switch seen.decision {
        case .wait where seen.isForeign && attempt.tries.looks >= bounds.looks:
            return halt(seen.step, seen.foreignWords)
        case .wait where seen.isForeign:
            // Ours may have begun this moment; another's is neither waited for nor ended.
            attempt.tries.looks += 1
            enter(.locating(search, attempt), seen.id)
            return [again]
        case .wait where !attempt.wasAborted:
            // Nobody else would end a migration that does not converge.
            attempt.wasAborted =
                aborting || attempt.tries.waits >= allowedWaits(seen.source, seen.target)
            attempt.tries.waits = attempt.wasAborted ? 0 : attempt.tries.waits + 1
            enter(.locating(search, attempt), seen.id)
            return (attempt.wasAborted ? [.abort(seen.id)] : []) + [again]
        case .wait where attempt.tries.waits < bounds.looks:
            attempt.tries.waits += 1
            enter(.locating(search, attempt), seen.id)
            return [again]
        case .lookAgain where attempt.tries.looks < bounds.looks:
            attempt.tries.looks += 1
            enter(.locating(search, attempt), seen.id)
            return [again]
        case .wait:
            return halt(seen.step, "a migration continues although it was aborted; \(seen.words)")
        case .lookAgain(let doubt):
            let seconds = Int64(bounds.looks) * bounds.lookPauseMilliseconds / 1000
            return halt(seen.step, "unchanged after \(seconds) s: \(doubt); \(seen.words)")
        case .halt(let reason):
            return halt(seen.step, "\(reason); \(seen.words)")
        case .arrived, .arrivedThenStopped, .stayed, .stopped, .settle:
            return []
        }
    }

    // MARK: Repairs

    /// Written down first; a guest is woken only when no other host has it.
    mutating func settle(
        _ settlement: RepairAction, _ seen: Picture, _ search: StepPhase.Search, _ attempt: Attempt,
        at time: Timestamp
    ) -> [Directive] {
        var attempt = attempt
        if settlement == .resumePostcopy { return resumePostcopy(seen, attempt, at: time) }
        if WakeProof.hasLeft(for: settlement, source: seen.source, target: seen.target) {
            return halt(
                seen.step,
                "somebody else has migrated it away and left its definition here: look for it "
                    + "(kvmbalance status) before starting it anywhere; \(seen.words)")
        }
        guard attempt.tries.settlements[settlement, default: 0] < bounds.settlements else {
            return settledInVain(settlement, seen, attempt, at: time)
        }
        attempt.tries.settlements[settlement, default: 0] += 1
        return begin(settlement, seen, search, attempt, at: time)
    }

    mutating func begin(
        _ settlement: RepairAction, _ seen: Picture, _ search: StepPhase.Search,
        _ attempt: Attempt, at time: Timestamp
    ) -> [Directive] {
        // A running migration is not repaired: what follows is checked again.
        let rest = search == .underWay ? StepPhase.Search.open : search
        var attempt = attempt
        attempt.isProven =
            !attempt.wasUpOnSource
            && WakeProof.isGiven(
                for: settlement, source: seen.source, target: seen.target,
                hasReturned: seen.open.hasReturned)
        enter(.repairing(settlement, rest, attempt), seen.id)
        let order = order(settlement, seen.id, attempt)
        return [record(.settling(seen.id, settlement), at: time), order]
    }

    private mutating func settledInVain(
        _ settlement: RepairAction, _ seen: Picture, _ attempt: Attempt, at time: Timestamp
    ) -> [Directive] {
        switch settlement {
        case .setAutostart:
            enter(nil, seen.id)
            let words = "autostart could not be set on the target: \(attempt.error ?? "unknown")"
            let rest = seen.decision == .arrivedThenStopped ? stopped(seen, attempt) : attempt.note
            let note = [words, rest].compactMap { $0 }.joined(separator: "; ")
            return [record(.arrived(seen.id, attempt.statistics, note: note), at: time)]
        case .setSourceAutostart:
            let words =
                "autostart could not be set on \(seen.step.move.source) again: set it (virsh "
                + "autostart)"
            let error = [attempt.error ?? Self.interrupted, words].joined(separator: "; ")
            return attemptFailed(seen.step, error: error, at: time)
        case .startTarget where attempt.mayHaveRun:
            let reason =
                "it may have run on \(seen.step.move.target), and does not start there now"
                + "\(attempt.settlementError.map { " (\($0))" } ?? ""); what it wrote would be on "
                + "\(seen.step.move.target) alone; \(Attempt.choice); \(seen.words)"
            return halt(seen.step, reason)
        case .startTarget:
            // Where it came from it did run: back with it.
            return settle(.returnDefinition, seen, .goingBack, attempt, at: time)
        case .destroyPausedSource, .resumeSource, .resumePostcopy, .undefineSource,
            .undefineTarget, .startSource, .returnDefinition, .removeTargetImages,
            .removeSourceImages:
            let reason =
                "\(settlement.rawValue) failed \(bounds.settlements) times"
                + "\(attempt.settlementError.map { " (\($0))" } ?? ""); \(seen.words)"
            return halt(seen.step, reason)
        }
    }

    /// For more than a minute, with longer and longer pauses: a link needs its time to come back,
    /// and to try does no harm.
    private mutating func resumePostcopy(
        _ seen: Picture, _ attempt: Attempt, at time: Timestamp
    ) -> [Directive] {
        var attempt = attempt
        guard attempt.tries.resumptions < bounds.resumptions else {
            let error = attempt.error.map { " (\($0))" } ?? ""
            let reason =
                "post-copy lost its link, and \(attempt.tries.resumptions) attempts to resume it "
                + "failed\(error); the guest's memory is on both hosts: repair the link, "
                + "destroy neither copy; \(seen.words)"
            return halt(seen.step, reason)
        }
        attempt.tries.resumptions += 1
        return begin(.resumePostcopy, seen, .open, attempt, at: time)
    }

    /// A repair of a step, or the start of a guest that is watched.
    mutating func repaired(
        _ id: StepID, _ settlement: RepairAction, _ failure: StepFailure?, at time: Timestamp
    ) -> [Directive] {
        guard watches[id]?.isSettling == true else {
            return settled(id, settlement, failure, at: time)
        }
        return woken(id, error: failure?.message)
    }

    /// A repair that failed is looked at again after a pause, one that worked at once. One that was
    /// not begun because a third host does not answer (`isUnheard`) uses up looks, and not its few
    /// tries: that may pass in a minute.
    mutating func settled(
        _ id: StepID, _ settlement: RepairAction, _ failure: StepFailure?,
        isUnheard: Bool = false, at time: Timestamp
    ) -> [Directive] {
        guard case .repairing(settlement, let search, var attempt) = phases[id] else {
            preconditionFailure("step \(id) settled in phase \(phases[id] as Any)")
        }
        var directives: [Directive] = []
        if isUnheard, attempt.tries.looks < bounds.looks {
            attempt.tries.looks += 1
            attempt.tries.settlements[settlement, default: 1] -= 1
        }
        if let failure {
            // Files that were named because they may be ours stay named.
            let named = attempt.hasToldOfUnclaimed ? attempt.error : nil
            attempt.error = named ?? failure.message
            attempt.settlementError = failure.message
            if settlement == .resumePostcopy { directives += noteRoute(failure, of: id) }
        }
        if state.step(id)?.beginning == .live { attempt.add(settlement.note) }
        let isStart = settlement == .startTarget
        let direction = isStart ? learn(of: id, from: failure, &attempt) : nil
        enter(.locating(direction ?? search, attempt), id)
        let tries = settlement == .resumePostcopy ? Int64(attempt.tries.resumptions) : 1
        let pause = failure == nil ? 0 : bounds.lookPauseMilliseconds * tries
        if failure == nil, settlement == .removeTargetImages || settlement == .removeSourceImages {
            directives.append(record(.cleared(id), at: time))
        }
        return directives + [.look(id, .verify, afterMilliseconds: pause)]
    }
}

extension StepPhase.Search {
    /// What is known after this look.
    fileprivate func after(_ decision: RecoveryDecision) -> Self {
        switch (self, decision) {
        case (.goingBack, _): .goingBack
        case (_, .wait): .underWay
        // A guest that went away since must prove itself again.
        case (.proving, .arrived): .proving
        case (.open, _), (.underWay, _), (.proving, _): .open
        }
    }
}

extension RepairAction {
    /// It makes a guest run that may run somewhere else already.
    var wakesGuest: Bool {
        switch self {
        case .resumeSource, .startSource, .startTarget: true
        case .destroyPausedSource, .resumePostcopy, .undefineSource, .undefineTarget,
            .setAutostart, .setSourceAutostart, .returnDefinition, .removeTargetImages,
            .removeSourceImages:
            false
        }
    }

    /// For the journal, once the step is over.
    fileprivate var note: String? {
        switch self {
        case .destroyPausedSource: "the source's paused copy was removed"
        case .undefineSource: "the definition left on the source was removed"
        case .undefineTarget: "the definition left on the target was removed"
        case .resumePostcopy: "its post-copy lost the link and was resumed"
        case .resumeSource, .setAutostart, .setSourceAutostart, .startSource, .startTarget,
            .returnDefinition,
            .removeTargetImages, .removeSourceImages:
            nil
        }
    }
}
