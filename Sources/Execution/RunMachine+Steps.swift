import ClusterModel

/// One step's way: preflight, migration, verification, settlement.
extension RunMachine {
    /// Just before a step starts, the domain must be where the plan says and nowhere else.
    mutating func preflighted(
        _ id: StepID, source: DomainSighting, target: DomainSighting, at time: Timestamp
    ) -> [Directive] {
        guard case .prechecking(let looks) = phases[id], let step = state.step(id)?.step else {
            preconditionFailure("step \(id) looked before take-off in phase \(phases[id] as Any)")
        }
        guard stopReason == nil, haltReason == nil else {
            enter(nil, id)
            return []
        }
        if step.mode.isInPlace {
            return preflightedInPlace(step, source, looks: looks, at: time)
        }
        let (row, verdict) = RecoveryTable.verdict(
            source: source, target: target, isShutOff: step.isShutOff)
        switch verdict {
        case .start where step.isShutOff && state.asked[step.move.domain] != nil:
            return wakeFirst(step, at: time)
        case .start where step.mode == .live:
            return start(step, source: source, at: time)
        case .start:
            return prepare(step, source: source)
        case .skip where step.isShutOff && state.asked[step.move.domain] != nil:
            // The watch has started it since the plan was made.
            return wakeFirst(step, at: time)
        case .skip where step.mode == .offline && state.asked[step.move.domain] != nil:
            // It went down late, as it was asked to: it goes on from there.
            return prepare(step, source: source)
        case .skip where step.isShutOff:
            enter(nil, id)
            let reason =
                "was started on \(step.move.source) in the meantime: it is not stopped to move it"
            return [record(.skipped(id, reason: reason), at: time)]
        case .avoidTarget:
            return giveUp(
                step,
                error: "\(step.move.target) has a definition of '\(step.domainName)' too; find out "
                    + "which is right and undefine the other (virsh undefine)", at: time)
        case .skip:
            enter(nil, id)
            let reason =
                source.cause == .left
                ? Self.leftWords(step.move.source)
                : "was shut down on \(step.move.source) before it could move"
            return [record(.skipped(id, reason: reason), at: time)]
        case .lookAgain where looks < 3:
            enter(.prechecking(looks: looks + 1), id)
            return [.look(id, .preflight, afterMilliseconds: bounds.lookPauseMilliseconds)]
        case .lookAgain(let doubt):
            return giveUp(step, error: "\(doubt): \(words(source, target, step))", at: time)
        case .stopRun:
            enter(nil, id)
            let reason =
                "the fleet changed: '\(step.domainName)' is no longer as planned (\(row.label): "
                + "\(words(source, target, step)))"
            stopReason = stopReason ?? reason
            return [record(.stopping(reason: reason), at: time)]
        }
    }

    /// It was planned as one that its owner had shut down, and it was us: the watch starts it, and
    /// it is planned again, with room for a guest that runs.
    private mutating func wakeFirst(_ step: Step, at time: Timestamp) -> [Directive] {
        enter(nil, step.id)
        if planning == .notNeeded { planning = .wanted }
        if let asked = state.asked[step.move.domain] { watches[asked.step]?.isFresh = true }
        let error =
            "it shut down on \(step.move.source) after the time limit: it is started there "
            + "before it moves"
        return [record(.failed(step.id, error: error), at: time)]
    }

    /// Before a guest is shut down every host is asked whether it knows it too.
    private mutating func prepare(_ step: Step, source: DomainSighting) -> [Directive] {
        enter(.preparing(source, unreachable: []), step.id)
        let isShutDown = step.mode == .offline && !step.isShutOff
        return [isShutDown ? .lookElsewhere(step.id) : .prepare(step.id)]
    }

    /// A host that does not answer has nothing to do with the move: it is named, and remembered.
    mutating func lookedBeforeShutdown(
        _ id: StepID, _ sightings: [HostName: DomainSighting], _ doubt: ElsewhereDoubt?,
        at time: Timestamp
    ) -> [Directive] {
        guard stopReason == nil, haltReason == nil, let step = state.step(id)?.step,
            case .preparing(let source, _) = phases[id]
        else {
            enter(nil, id)
            return []
        }
        if step.mode.startsInPlace { return lookedBeforeStart(step, source, sightings, at: time) }
        if case .known(let words) = doubt {
            return giveUp(
                step,
                error: "it is not shut down on \(step.move.source), because it could not be "
                    + "started again: \(words). Find out which is right and undefine the other "
                    + "(virsh undefine)", at: time)
        }
        let silent = sightings.filter { $0.value.presence == .unknown }.keys.sorted()
        enter(.preparing(source, unreachable: silent), id)
        // Of one that stays nothing is copied.
        let next = step.mode.isInPlace ? start(step, source: source, at: time) : [.prepare(id)]
        guard !silent.isEmpty else { return next }
        let names = silent.map(\.rawValue).joined(separator: ", ")
        return [.tell("\(names) cannot say whether '\(step.domainName)' is defined there too")]
            + next
    }

    /// What it makes on the target is written down before its intent, and nothing is made until
    /// then.
    mutating func surveyed(
        _ id: StepID, _ preparation: StepPreparation?, reason: String?, at time: Timestamp
    ) -> [Directive] {
        guard case .preparing(let source, let silent) = phases[id],
            let step = state.step(id)?.step
        else {
            preconditionFailure("step \(id) surveyed in phase \(phases[id] as Any)")
        }
        guard stopReason == nil, haltReason == nil else {
            enter(nil, id)
            return []
        }
        guard var preparation else {
            return giveUp(step, error: reason ?? "it could not be prepared", at: time)
        }
        preparation.unreachable = silent.isEmpty ? nil : silent
        let preparing = record(.preparing(id, preparation), at: time)
        return [preparing] + start(step, source: source, at: time)
    }

    mutating func start(
        _ step: Step, source: DomainSighting, at time: Timestamp
    ) -> [Directive] {
        enter(.migrating(.none), step.id)
        let attempt = (state.step(step.id)?.attempts ?? 0) + 1
        let intent = JournalEvent.intent(
            step.id, attempt: attempt, persistent: source.isPersistent,
            autostart: source.autostart)
        return [record(intent, at: time), .migrate(step.id)]
    }

    static let interrupted = "the migration was interrupted"

    mutating func attemptFailed(
        _ step: Step, error: String, at time: Timestamp
    ) -> [Directive] {
        // libvirt only says that it was stopped, or that a connection ended.
        let error =
            stopped.removeValue(forKey: step.id).map { "stopped, because it \($0)" } ?? error
        let attempt = state.step(step.id)?.attempts ?? 0
        let failed = record(.attemptFailed(step.id, attempt: attempt, error: error), at: time)
        enter(nil, step.id)
        let isHopeless = nonConverging.remove(step.id) != nil
        let isClosed = closed.remove(step.id) != nil
        let isEnding = stopReason != nil || haltReason != nil || planning != .notNeeded
        if isEnding { return [failed] }
        if isClosed { avoid(step.move.target, besides: step.id) }
        guard !isHopeless, !isClosed, attempt < state.plan.options.attempts else {
            return [failed] + giveUp(step, error: error, everywhere: isHopeless, at: time)
        }
        // While it was proving itself on its target another step may have taken its place.
        guard Occupancy(phases: phases, state: state).admits(step.move, within: state.plan.limits)
        else { return [failed] }
        enter(.prechecking(looks: 0), step.id)
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
    mutating func giveUp(
        _ step: Step, error: String, everywhere: Bool = false, at time: Timestamp
    ) -> [Directive] {
        enter(nil, step.id)
        exclusions.append(
            Exclusion(domain: step.move.domain, target: everywhere ? nil : step.move.target))
        if planning == .notNeeded { planning = .wanted }
        return [record(.failed(step.id, error: error), at: time)]
    }

    static func leftWords(_ host: HostName) -> String {
        "was migrated away from \(host) by somebody else, who left its definition there"
    }

    func words(
        _ source: DomainSighting, _ target: DomainSighting, _ step: Step
    ) -> String {
        "\(step.move.source) \(source.words), \(step.move.target) \(target.words)"
    }
}

extension DomainSighting {
    /// `running`, or `unknown (connection refused)`.
    fileprivate var words: String {
        let word = jobActive ? "\(presence.rawValue), migrating" : presence.rawValue
        return detail.isEmpty ? word : "\(word) (\(detail))"
    }
}
