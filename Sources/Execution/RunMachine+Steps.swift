import ClusterModel

/// One step's way: preflight, migration, verification, settlement.
extension RunMachine {
    /// Just before a step starts, the domain must be where the plan says and nowhere else.
    mutating func preflighted(
        _ id: StepID, source: DomainSighting, target: DomainSighting, at time: Timestamp
    ) -> [Directive] {
        guard case .preflight(let looks) = phases[id], let step = state.step(id)?.step else {
            preconditionFailure("step \(id) looked before take-off in phase \(phases[id] as Any)")
        }
        guard stopReason == nil, haltReason == nil else {
            phases[id] = nil
            return []
        }
        let (row, verdict) = RecoveryTable.verdict(
            source: source, target: target, isShutOff: step.isShutOff)
        switch verdict {
        case .takeOff where step.isShutOff && state.asked[step.move.domain] != nil:
            return wakeFirst(step, at: time)
        case .takeOff where step.mode == .live:
            return takeOff(step, source: source, at: time)
        case .takeOff:
            phases[id] = .surveying(source)
            return [.survey(id)]
        case .skip where step.mode == .offline && state.asked[step.move.domain] != nil:
            // It went down late, as it was asked to: it goes on from there.
            phases[id] = .surveying(source)
            return [.survey(id)]
        case .skip where step.isShutOff:
            phases[id] = nil
            let reason =
                "was started on \(step.move.source) in the meantime: it is not stopped to move it"
            return [record(.skipped(id, reason: reason), at: time)]
        case .avoidTarget:
            return giveUp(
                step,
                error: "\(step.move.target) has a definition of '\(step.domainName)' too; find out "
                    + "which is right and undefine the other (virsh undefine)", at: time)
        case .skip:
            phases[id] = nil
            let reason = "was shut down on \(step.move.source) before it could move"
            return [record(.skipped(id, reason: reason), at: time)]
        case .lookAgain where looks < 3:
            phases[id] = .preflight(looks: looks + 1)
            return [.look(id, .preflight, afterMilliseconds: bounds.lookPauseMilliseconds)]
        case .lookAgain(let doubt):
            return giveUp(step, error: "\(doubt): \(words(source, target, step))", at: time)
        case .stopRun:
            phases[id] = nil
            let reason =
                "the fleet changed: '\(step.domainName)' is no longer as planned (\(row.label): "
                + "\(words(source, target, step)))"
            stopReason = stopReason ?? reason
            return [record(.stopping(reason: reason), at: time)]
        }
    }

    /// It was planned as one that its owner had shut down, and it was us: the watch starts it, and it
    /// is planned again, with room for a guest that runs.
    private mutating func wakeFirst(_ step: Step, at time: Timestamp) -> [Directive] {
        phases[step.id] = nil
        if planning == .notNeeded { planning = .wanted }
        if let asked = state.asked[step.move.domain] { watches[asked.step]?.isFresh = true }
        let error =
            "it shut down on \(step.move.source) after the time limit: it is started there "
            + "before it moves"
        return [record(.failed(step.id, error: error), at: time)]
    }

    /// What it makes on the target is written down before its intent, and nothing is made until then.
    mutating func surveyed(
        _ id: StepID, _ preparation: StepPreparation?, reason: String?, at time: Timestamp
    ) -> [Directive] {
        guard case .surveying(let source) = phases[id], let step = state.step(id)?.step else {
            preconditionFailure("step \(id) surveyed in phase \(phases[id] as Any)")
        }
        guard stopReason == nil, haltReason == nil else {
            phases[id] = nil
            return []
        }
        guard let preparation else {
            return giveUp(step, error: reason ?? "it could not be prepared", at: time)
        }
        let preparing = record(.preparing(id, preparation), at: time)
        return [preparing] + takeOff(step, source: source, at: time)
    }

    private mutating func takeOff(
        _ step: Step, source: DomainSighting, at time: Timestamp
    ) -> [Directive] {
        phases[step.id] = .migrating(aborting: false)
        let attempt = (state.step(step.id)?.attempts ?? 0) + 1
        let intent = JournalEvent.intent(
            step.id, attempt: attempt, persistent: source.isPersistent,
            autostart: source.autostart)
        return [record(intent, at: time), .migrate(step.id)]
    }

    /// Both hosts were looked at after a migration, a repair or a crash.
    mutating func verified(
        _ id: StepID, source: DomainSighting, target: DomainSighting, at time: Timestamp
    ) -> [Directive] {
        guard case .verifying(var now) = phases[id], let open = state.step(id),
            case .running(_, let persistent, let autostart) = open.status
        else { preconditionFailure("step \(id) verified in phase \(phases[id] as Any)") }
        let step = open.step
        let (row, decision) = RecoveryTable.decide(
            source: source, target: target, after: open.beginning)
        let picture = "\(row.label): \(words(source, target, step))"
        now.isUnderWay = decision == .wait
        if let directives = imagesSettled(id, decision, &now, open, target, picture, at: time) {
            return directives
        }
        switch decision {
        case .arrived where persistent && autostart && !target.autostart && target.isPersistent:
            return settle(.setAutostart, id, now, picture: picture, at: time)
        case .arrived:
            phases[id] = nil
            let statistics = now.statistics(of: open, until: time)
            return [record(.arrived(id, statistics, note: now.note), at: time)]
        case .arrivedThenStopped:
            phases[id] = nil
            let note = step.isShutOff ? now.note : "was shut down on \(step.move.target) since"
            return [record(.arrived(id, now.statistics, note: note), at: time)]
        case .stayed:
            return attemptFailed(step, error: now.error ?? Self.interrupted, at: time)
        case .stopped:
            phases[id] = nil
            let words = ["was shut down on \(step.move.source) meanwhile", now.note]
            let reason = words.compactMap { $0 }.joined(separator: "; ")
            return [record(.skipped(id, reason: reason), at: time)]
        case .settle(.startTarget) where now.isGoingBack:
            return settle(.returnDefinition, id, now, picture: picture, at: time)
        case .settle(let settlement):
            return settle(settlement, id, now, picture: picture, at: time)
        case .wait where !now.wasAborted:
            // Nobody else would end a migration that does not converge.
            now.wasAborted = aborting || now.waits >= allowedWaits(source, target)
            now.waits = now.wasAborted ? 0 : now.waits + 1
            phases[id] = .verifying(now)
            return (now.wasAborted ? [.abort(id)] : [])
                + [.look(id, .verify, afterMilliseconds: bounds.lookPauseMilliseconds)]
        case .wait where now.waits < bounds.looks:
            now.waits += 1
            phases[id] = .verifying(now)
            return [.look(id, .verify, afterMilliseconds: bounds.lookPauseMilliseconds)]
        case .lookAgain where now.looks < bounds.looks:
            now.looks += 1
            phases[id] = .verifying(now)
            return [.look(id, .verify, afterMilliseconds: bounds.lookPauseMilliseconds)]
        case .wait:
            return halt(step, "a migration continues although it was aborted; \(picture)")
        case .lookAgain(let doubt):
            let seconds = Int64(bounds.looks) * bounds.lookPauseMilliseconds / 1000
            return halt(step, "unchanged after \(seconds) s: \(doubt); \(picture)")
        case .halt(let reason):
            return halt(step, "\(reason); \(picture)")
        }
    }

    mutating func settle(
        _ settlement: Settlement, _ id: StepID, _ now: Verification, picture: String,
        at time: Timestamp
    ) -> [Directive] {
        var now = now
        if settlement == .resumePostcopy { return resumePostcopy(id, now, picture, at: time) }
        guard now.settlements < bounds.settlements else {
            if settlement == .setAutostart {
                phases[id] = nil
                let note = "autostart could not be set on the target: \(now.error ?? "unknown")"
                return [record(.arrived(id, now.statistics, note: note), at: time)]
            }
            if settlement == .startTarget {
                // Where it came from it did run: back with it.
                now.isGoingBack = true
                now.settlements = 0
                return settle(.returnDefinition, id, now, picture: picture, at: time)
            }
            let reason =
                "\(settlement.rawValue) failed \(now.settlements) times"
                + "\(now.settlementError.map { " (\($0))" } ?? ""); \(picture)"
            return state.step(id).map { halt($0.step, reason) } ?? []
        }
        now.settlements += 1
        phases[id] = .settling(settlement, now)
        return [record(.settling(id, settlement), at: time), .settle(id, settlement)]
    }

    /// For more than a minute, with longer and longer pauses: a link needs its time to come back, and to
    /// try does no harm.
    private mutating func resumePostcopy(
        _ id: StepID, _ now: Verification, _ picture: String, at time: Timestamp
    ) -> [Directive] {
        var now = now
        guard now.resumptions < bounds.resumptions else {
            let error = now.error.map { " (\($0))" } ?? ""
            let reason =
                "post-copy lost its link, and \(now.resumptions) attempts to resume it failed"
                + "\(error); the guest's memory is on both hosts: repair the link, destroy "
                + "neither copy; \(picture)"
            return state.step(id).map { halt($0.step, reason) } ?? []
        }
        now.resumptions += 1
        phases[id] = .settling(.resumePostcopy, now)
        return [record(.settling(id, .resumePostcopy), at: time), .settle(id, .resumePostcopy)]
    }

    /// A repair that failed is looked at again after a pause, one that worked at once.
    mutating func settled(
        _ id: StepID, _ settlement: Settlement, error: String?, at time: Timestamp
    ) -> [Directive] {
        guard case .settling(settlement, var now) = phases[id] else {
            preconditionFailure("step \(id) settled in phase \(phases[id] as Any)")
        }
        if let error { (now.error, now.settlementError) = (error, error) }
        now.note = now.note ?? Self.note(of: settlement)
        phases[id] = .verifying(now)
        let tries = settlement == .resumePostcopy ? Int64(now.resumptions) : 1
        let pause = error == nil ? 0 : bounds.lookPauseMilliseconds * tries
        let isCleared =
            error == nil && (settlement == .removeTargetImages || settlement == .removeSourceImages)
        return (isCleared ? [record(.cleared(id), at: time)] : []) + [
            .look(id, .verify, afterMilliseconds: pause)
        ]
    }

    private static let interrupted = "the migration was interrupted"

    private mutating func attemptFailed(
        _ step: Step, error: String, at time: Timestamp
    ) -> [Directive] {
        // libvirt only says that it was stopped, or that a connection ended.
        let error =
            stopped.removeValue(forKey: step.id).map { "stopped, because it \($0)" } ?? error
        let attempt = state.step(step.id)?.attempts ?? 0
        let failed = record(.attemptFailed(step.id, attempt: attempt, error: error), at: time)
        phases[step.id] = nil
        let isHopeless = hopeless.remove(step.id) != nil
        let isClosed = closed.remove(step.id) != nil
        let isEnding = stopReason != nil || haltReason != nil || planning != .notNeeded
        if isEnding { return [failed] }
        if isClosed { avoid(step.move.target, besides: step.id) }
        guard !isHopeless, !isClosed, attempt < state.plan.options.attempts else {
            return [failed] + giveUp(step, error: error, everywhere: isHopeless, at: time)
        }
        phases[step.id] = .preflight(looks: 0)
        let pause = bounds.lookPauseMilliseconds * Int64(attempt)
        return [failed, .look(step.id, .preflight, afterMilliseconds: pause)]
    }

    /// No pending step of the plan goes there: each would only be tried to be given up.
    private mutating func avoid(_ target: HostName, besides id: StepID) {
        for other in state.steps where other.status == .pending && other.step.id != id {
            guard other.step.move.target == target else { continue }
            exclusions.append(Exclusion(domain: other.step.move.domain, target: target))
        }
    }

    /// The step has failed: the rest is planned around it.
    private mutating func giveUp(
        _ step: Step, error: String, everywhere: Bool = false, at time: Timestamp
    ) -> [Directive] {
        phases[step.id] = nil
        exclusions.append(
            Exclusion(domain: step.move.domain, target: everywhere ? nil : step.move.target))
        if planning == .notNeeded { planning = .wanted }
        return [record(.failed(step.id, error: error), at: time)]
    }

    /// Not once it is being stopped.
    mutating func adjust(
        _ id: StepID, _ adjustment: MigrationAdjustment, reason: String, at time: Timestamp
    ) -> [Directive] {
        guard case .migrating(aborting: false) = phases[id] else { return [] }
        return [
            record(.adjusting(id, adjustment, reason: reason), at: time), .adjust(id, adjustment),
        ]
    }

    /// As often as requested: an abort can come before the job has begun, or be lost.
    mutating func overdue(_ id: StepID, reason: String) -> [Directive] {
        guard case .migrating = phases[id] else { return [] }
        stopped[id] = reason
        phases[id] = .migrating(aborting: true)
        return [.abort(id)]
    }

    /// To wait on would be to wait without a bound: a person must look, and the migration is left to
    /// its daemon. The step stays open: a resumed run checks both hosts first.
    mutating func stuck(_ id: StepID, reason: String) -> [Directive] {
        guard case .migrating = phases[id], let step = state.step(id)?.step else { return [] }
        return halt(step, "its migration \(reason); see whether its QEMU still answers")
    }

    private mutating func halt(_ step: Step, _ reason: String) -> [Directive] {
        phases[step.id] = nil
        haltReason = haltReason ?? "'\(step.domainName)': \(reason)"
        return []
    }

    func words(
        _ source: DomainSighting, _ target: DomainSighting, _ step: Step
    ) -> String {
        "\(step.move.source) \(source.words), \(step.move.target) \(target.words)"
    }

    private static func note(of settlement: Settlement) -> String? {
        switch settlement {
        case .destroyPausedSource: "the source's paused copy was removed"
        case .undefineSource: "the definition left on the source was removed"
        case .undefineTarget: "the definition left on the target was removed"
        case .resumePostcopy: "its post-copy lost the link and was resumed"
        case .resumeSource, .setAutostart, .startSource, .startTarget, .returnDefinition,
            .removeTargetImages, .removeSourceImages:
            nil
        }
    }
}

extension DomainSighting {
    /// `running`, or `unknown (connection refused)`.
    fileprivate var words: String {
        let word = jobActive ? "\(presence.rawValue), migrating" : presence.rawValue
        return detail.isEmpty ? word : "\(word) (\(detail))"
    }
}
