import ClusterModel

/// Guests that were asked to shut down and did not in time. libvirt cannot take such a request
/// back: they may go down minutes later, when nobody waits for it any more. So they are watched,
/// beside whatever else the run does and after it was stopped, and started where they were.
///
/// The run waits for them a quarter of an hour. After that it looks at them as long as it has
/// something else to do, and once more before it plans or ends: who plans with a guest that has
/// gone down meanwhile takes it for one that its owner shut down.
extension RunMachine {
    /// The watch over the guest of one step.
    struct Watch: Hashable, Sendable {
        var looks = 0
        /// Whether it is down is to be seen before anything is planned.
        var isFresh = true
        var isLooking = false
        var isSettling = false
        /// What source and target say is proof enough that it may be started.
        var isProven = false
        var settlements = 0
        var error: String?
        /// What is to be said of it now that its time is over.
        var doubt: String?
        /// The run's `changes` when the last look was asked for, and the last that was answered.
        var askedAt = 0
        var lookedAt = 0
        /// What is to be said of it, once nothing more is done for it.
        var verdict: String?
    }

    /// Looks at all that are watched and that no step of the run is at work with.
    mutating func watchGuests() -> [Directive] {
        watchedSteps.sorted().compactMap { id -> [Directive]? in
            var watch = watches[id, default: Watch()]
            let isDue = isOpen(watch) || isBusy
            guard watch.verdict == nil, isDue, !watch.isLooking, !watch.isSettling,
                !isAtWork(with: id)
            else { return nil }
            let isNew = watch.looks == 0
            let pause = isNew ? 0 : pause(of: watch)
            watch.isLooking = true
            watch.askedAt = changes
            watches[id] = watch
            let look = Directive.look(id, .watch, afterMilliseconds: pause)
            return isNew ? [tellOfWatch(id), look].compactMap { $0 } : [look]
        }.flatMap { $0 }
    }

    private func pause(of watch: Watch) -> Int64 {
        guard watch.doubt != nil else { return bounds.lookPauseMilliseconds }
        return isBusy ? bounds.latePauseMilliseconds : 0
    }

    /// The run goes on without the guests whose time is over.
    private var isBusy: Bool {
        !phases.isEmpty
            || watchedSteps.contains { id in
                let watch = watches[id, default: Watch()]
                return watch.verdict == nil && watch.doubt == nil
            }
    }

    /// Its time is not over, or the run's steps have moved on since it was seen.
    private func isOpen(_ watch: Watch) -> Bool {
        watch.doubt == nil || watch.lookedAt != changes
    }

    /// Once for each step: it may take a quarter of an hour.
    private func tellOfWatch(_ id: StepID) -> Directive? {
        guard let step = state.step(id)?.step else { return nil }
        let minutes = bounds.shutdownMilliseconds / 60_000
        return .tell(
            "\(step.domainName) was asked to shut down on \(step.move.source) and may do so "
                + "late: it is watched for \(minutes) min, and started there when it does")
    }

    /// A guest whose step is open is looked at as such, and where a step halted the run it is left
    /// to a person: that step's hosts know more of it than those of the step that asked.
    private var watchedSteps: [StepID] {
        let open = Set(state.openSteps.map(\.step.move.domain))
        return state.asked.filter { !open.contains($0.key) }.map(\.value.step)
    }

    /// The run cannot end yet.
    var isWatching: Bool {
        watchedSteps.contains { id in
            let watch = watches[id, default: Watch()]
            return watch.verdict == nil && isOpen(watch)
        }
    }

    /// A guest may be down this moment, and a plan would take it for one that its owner shut down.
    var isWaking: Bool {
        watchedSteps.contains { id in
            let watch = watches[id, default: Watch()]
            return watch.verdict == nil && isOpen(watch)
                && (watch.isFresh || watch.settlements > 0 || watch.doubt != nil)
        }
    }

    /// Its guest is being started where it was.
    func isBeingWoken(_ domain: DomainID) -> Bool {
        state.asked[domain].flatMap { watches[$0.step] }?.isSettling == true
    }

    /// The answer to a look of the watch.
    mutating func watched(
        _ id: StepID, source: DomainSighting, target: DomainSighting, at time: Timestamp
    ) -> [Directive] {
        guard var watch = watches[id], watch.isLooking else { return [] }
        watch.isLooking = false
        watch.looks += 1
        watch.isFresh = false
        watch.lookedAt = watch.askedAt
        let wasAwaited = watch.doubt == nil
        defer {
            if wasAwaited, watch.doubt != nil || watch.verdict != nil {
                changes += 1
                watch.lookedAt = changes
            }
            watches[id] = watch
        }
        guard let open = state.step(id), let asked = state.asked[open.step.move.domain],
            asked.step == id, watch.verdict == nil, !isAtWork(with: id)
        else { return [] }
        let (name, host) = (open.step.domainName, open.step.move.source)
        // One that was asked for its host's sake has no target.
        let target = open.step.mode.isInPlace ? DomainSighting(.absent) : target
        let decision = Self.decide(source, target)
        switch decision {
        case .settle(.startSource) where source.cause != .left:
            guard watch.settlements < bounds.settlements else {
                let why = watch.error.map { " (\($0))" } ?? ""
                watch.verdict =
                    "'\(name)' was shut down for its move, is off on \(host) and could not be "
                    + "started there\(why): start it (virsh start)"
                return []
            }
            watch.settlements += 1
            watch.isSettling = true
            watch.isProven = WakeProof.isGiven(
                for: .startSource, source: source, target: target, hasReturned: open.hasReturned)
            watch.doubt = nil
            // Minutes have passed since every host was asked, and others may have moved it by
            // means that left it running on its source too.
            return [record(.settling(id, .startSource), at: time), .lookElsewhere(id)]
        case .stayed where open.wasSeenDown:
            changes += 1
            return [record(.upAgain(id), at: time)]
        case .stayed, .wait, .lookAgain:
            let isLate =
                time.millisecondsSince(asked.since) >= bounds.shutdownMilliseconds
                || Int64(watch.looks) * bounds.lookPauseMilliseconds >= bounds.shutdownMilliseconds
            if isLate { watch.doubt = Self.doubt(of: open, source) }
        case .arrived, .arrivedThenStopped, .stopped, .settle, .halt:
            watch.verdict =
                "'\(name)' was asked to shut down on \(host) and someone else has worked "
                + "on it since (\(words(source, target, open.step))): make sure that it runs"
        }
        return []
    }

    /// Its last attempt ended with the guest on its source, where its definition is: what the
    /// target would have to say of it is worth no more than what any other host would.
    private static func decide(
        _ source: DomainSighting, _ target: DomainSighting
    ) -> RecoveryDecision {
        target.presence == .unknown && WakeProof.hasEnded(source)
            ? .settle(.startSource)
            : RecoveryTable.decide(source: source, target: target, after: .cold).decision
    }

    /// It was ordered to start, or could not be.
    mutating func woken(_ id: StepID, error: String?) -> [Directive] {
        guard var watch = watches[id] else { return [] }
        watch.isSettling = false
        watch.isLooking = true
        watch.askedAt = changes
        watch.error = error ?? watch.error
        watches[id] = watch
        let pause = error == nil ? 0 : bounds.lookPauseMilliseconds
        return [.look(id, .watch, afterMilliseconds: pause)]
    }

    /// Whoever stops a run that is being stopped already does not want to wait for a guest.
    mutating func stopWatching() {
        for asked in state.asked.values {
            guard let open = state.step(asked.step) else { continue }
            var watch = watches[asked.step, default: Watch()]
            watch.verdict = watch.verdict ?? watch.doubt ?? Self.doubt(of: open)
            watches[asked.step] = watch
        }
    }

    /// One sentence for each guest that is not up for sure.
    var guestsLeftDown: [String] {
        state.asked.values.sorted { $0.step < $1.step }.compactMap { asked in
            let watch = watches[asked.step]
            return watch?.verdict ?? watch?.doubt
                ?? state.step(asked.step).map { Self.doubt(of: $0) }
        }
    }

    private func isAtWork(with id: StepID) -> Bool {
        guard let domain = state.step(id)?.step.move.domain else { return false }
        return phases.keys.contains { state.step($0)?.step.move.domain == domain }
    }

    private static func doubt(
        of open: RunState.StepState, _ source: DomainSighting? = nil
    ) -> String {
        let step = open.step
        let (name, host) = (step.domainName, step.move.source)
        if source?.presence == .inactive {
            return "'\(name)' was asked to shut down on \(host) and is off there; it could not be "
                + "started, because \(step.move.target) does not say whether it has it: find out, "
                + "and start it (virsh start)"
        }
        guard !open.wasSeenDown else {
            return "'\(name)' was shut down for its move from \(host), and was not seen to run "
                + "again: check it (kvmbalance status)"
        }
        return "'\(name)' was asked to shut down on \(host) and may still shut down: watch it, "
            + "and start it there (virsh start) if it does"
    }
}
