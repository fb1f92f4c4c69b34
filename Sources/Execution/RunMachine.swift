package import ClusterModel

/// The run's state machine: events in, directives out. It decides and does nothing; the executor
/// carries its directives out on libvirt, the simulator in virtual time.
///
/// Rules it keeps, whatever arrives in whatever order:
/// - an intent is recorded before its migration, a settlement before its effect;
/// - after every migration, however it seemed to end, both hosts are looked at;
/// - no more migrations at once than the limits allow, on each host and in all;
/// - it never waits without a bound.
package struct RunMachine: RunDeciding {
    package private(set) var state: RunState
    package let bounds: Bounds
    let confirmedCPUShare: Int64
    let askedBefore: [DomainID: RunID]
    private(set) var phases: [StepID: StepPhase] = [:]
    var exclusions: [Exclusion] = []
    /// Steps whose migration is stopped because it does not converge.
    var nonConverging: Set<StepID> = []
    /// Steps whose migration is stopped, and why: libvirt only says that it ended.
    var stopped: [StepID: String] = [:]
    /// Steps that were not begun because nothing may be sent to their target any more.
    var closed: Set<StepID> = []
    /// Pairs whose daemons do not reach each other: their next attempt is driven from here.
    var managedPairs: Set<HostPair> = []
    /// Watches over guests that were asked to shut down.
    var watches: [StepID: Watch] = [:]
    /// How often a step changed its phase, or a guest was waited for no longer: what was seen
    /// before the last time may be out of date.
    var changes = 0
    var lastLook = FinalObservation.notAsked
    var newcomerRounds = 0
    /// Who came to a host that was to be empty: the plan that is wanted is for them.
    var occupied: String?
    /// A new plan is wanted as soon as nothing is under way, or is being made.
    var planning: Planning = .notNeeded
    var plansLeft: Int
    var stopReason: String?
    var aborting = false
    var haltReason: String?
    var closure: JournalClosure?
    var isFinished = false

    enum Planning: Hashable, Sendable {
        case notNeeded, wanted, asked
    }

    /// A new run of this plan, or with `recovering` one that a crash or a stop left unfinished: its
    /// open steps are looked after first, then the rest is planned again from the world as it is.
    ///
    /// `confirmed` is the share of their CPUs, in hundredths of a percent, to which a person has
    /// agreed that hosts are filled, beside what the run's own plans say. `askedBefore` are guests
    /// that may still shut down because an earlier run asked them to.
    package init(
        state: RunState, recovering: Bool, confirmed: Int64? = nil,
        askedBefore: [DomainID: RunID] = [:], bounds: Bounds = Bounds()
    ) {
        self.state = state
        self.bounds = bounds
        confirmedCPUShare = confirmed ?? 0
        self.askedBefore = askedBefore
        plansLeft = bounds.plans
        planning = recovering && state.goal != .abort ? .wanted : .notNeeded
        if state.goal == .abort {
            stopReason = "aborted"
            aborting = true
        }
    }

    package mutating func handle(_ event: RunEvent, at time: Timestamp) -> [Directive] {
        // Also where it is the end of the run that cannot be written.
        if let directives = handledWhenClosed(event) { return directives }
        guard !isFinished else { return [] }
        var directives: [Directive] = []
        switch event {
        case .begin:
            for open in state.openSteps {
                enter(.locating(.open, Attempt(isTakenUp: true)), open.step.id)
                directives.append(.look(open.step.id, .verify, afterMilliseconds: 0))
            }
        case .looked(let id, .preflight, let source, let target):
            directives += preflighted(id, source: source, target: target, at: time)
        case .looked(let id, .verify, let source, let target):
            directives += verified(id, source: source, target: target, at: time)
        case .looked(let id, .watch, let source, let target):
            directives += watched(id, source: source, target: target, at: time)
        case .hostsLooked(let sightings):
            directives += hostsLooked(sightings)
        case .guestsLooked(let sightings, let elsewhere):
            directives += guestsLooked(FinalCheck.Looks(guests: sightings, elsewhere: elsewhere))
        case .surveyed(let id, let preparation, let reason):
            directives += surveyed(id, preparation, reason: reason, at: time)
        case .migrationEnded(let id, let statistics, let failure):
            directives += ended(id, statistics, failure, at: time)
        case .askedToShutDown(let id):
            directives += fact(.askedToShutDown(id), of: id, at: time)
        case .made(let id, let path):
            directives += fact(.made(id, path: path), of: id, at: time)
        case .lookedElsewhere(let id, let sightings):
            directives += lookedElsewhere(id, sightings, at: time)
        case .copiesLooked(let id, let doubt):
            directives += copiesLooked(id, doubt: doubt)
        case .settled(let id, let settlement, let failure):
            directives += repaired(id, settlement, failure, at: time)
        case .planned(let plan, let reason):
            directives += planned(plan, reason: reason, at: time)
        case .adjust(let id, let adjustment, let reason):
            directives += adjust(id, adjustment, reason: reason, at: time)
        case .adjustFailed(let id, let adjustment, let error):
            directives += adjustFailed(id, adjustment, error: error)
        case .abortFailed(let id, let error):
            directives += abortFailed(id, error: error)
        case .nonConverging(let id, let reason):
            directives += noConvergence(id, reason: reason)
        case .overdue(let id, let reason):
            directives += overdue(id, reason: reason)
        case .stuck(let id, let reason):
            directives += stuck(id, reason: reason)
        case .stop(let reason):
            directives += stop(reason: reason, at: time)
        case .abort(let reason):
            if aborting { stopWatching() }
            directives += stop(reason: reason, at: time)
            directives += abortAll()
        case .journalClosed: break
        }
        directives += advance(at: time)
        return directives
    }

    // MARK: What to do next

    /// Whatever can go on now, goes on: the tail of every event.
    private mutating func advance(at time: Timestamp) -> [Directive] {
        let looks = watchGuests()
        let isOver = phases.isEmpty && !isWatching
        if let haltReason {
            return isOver ? endUnproven(.halted, reason: haltReason, at: time) : looks
        }
        if let stopReason {
            return isOver ? endUnproven(.failed, reason: stopReason, at: time) : looks
        }
        switch planning {
        case .asked:
            return looks
        case .wanted:
            guard phases.isEmpty, !isWaking else { return looks }
            planning = .asked
            return looks + [.plan(goal: state.goal, without: exclusions)]
        case .notNeeded:
            let started = startSteps()
            guard started.isEmpty, phases.isEmpty, !isWatching else { return looks + started }
            return conclude(at: time)
        }
    }

    private mutating func startSteps() -> [Directive] {
        var directives: [Directive] = []
        var load = Occupancy(phases: phases, state: state)
        for candidate in state.steps where candidate.status == .pending {
            let step = candidate.step
            guard phases[step.id] == nil, isReady(step), !isBeingWoken(step.move.domain),
                load.admits(step.move, within: state.plan.limits)
            else { continue }
            load.add(step.move)
            enter(.prechecking(looks: 0), step.id)
            directives.append(.look(step.id, .preflight, afterMilliseconds: 0))
        }
        return directives
    }

    /// A step waits for others because they free what it demands: a skipped one has freed it too.
    private func isReady(_ step: Step) -> Bool {
        step.after.allSatisfy { id in
            guard let before = state.step(id) else { return false }
            switch before.status {
            case .done, .skipped, .compensated: return true
            // It has moved: what is still to be seen is when its old images may go.
            case .running: return StepPhase.kind(of: phases[id]) == .proving
            case .pending, .failed: return false
            }
        }
    }

    /// Applies a fact to the state and asks for it to be written down.
    mutating func record(_ event: JournalEvent, at time: Timestamp) -> Directive {
        state.apply(event, at: time)
        return .record(event)
    }

    /// What an attempt under way tells of itself.
    private mutating func fact(
        _ event: JournalEvent, of id: StepID, at time: Timestamp
    ) -> [Directive] {
        guard case .migrating = phases[id] else { return [] }
        return [record(event, at: time)]
    }

    mutating func stop(reason: String, at time: Timestamp) -> [Directive] {
        guard stopReason == nil else { return [] }
        stopReason = reason
        return [record(.stopping(reason: reason), at: time)]
    }

    private mutating func abortAll() -> [Directive] {
        aborting = true
        return phases.keys.sorted().compactMap { id in
            switch phases[id] {
            case .migrating:
                enter(.migrating(.asked(failures: 0)), id)
                return .abort(id)
            case .locating(.underWay, var attempt) where !attempt.isForeign:
                attempt.wasAborted = true
                enter(.locating(.underWay, attempt), id)
                return .abort(id)
            case .prechecking, .preparing, .locating, .repairing, nil:
                return nil
            }
        }
    }

    /// Every change of a phase goes this way, so that none happens which the list does not know.
    mutating func enter(_ phase: StepPhase?, _ id: StepID) {
        assert(
            StepPhase.allows(StepPhase.kind(of: phases[id]), StepPhase.kind(of: phase)),
            "step \(id) goes from \(StepPhase.kind(of: phases[id])) to \(StepPhase.kind(of: phase))"
        )
        phases[id] = phase
        changes += 1
    }

    /// How many looks a migration gets that the daemons drive without us. Nothing can stop a
    /// post-copy: it gets them all.
    func allowedWaits(_ source: DomainSighting, _ target: DomainSighting) -> Int {
        let isPostcopy = source.presence == .pausedByMigration && target.presence == .running
        guard let seconds = state.plan.options.timeoutSeconds, !isPostcopy else {
            return bounds.waits
        }
        let looks = Int64(seconds) * 1000 / max(1, bounds.lookPauseMilliseconds)
        return min(bounds.waits, Int(looks))
    }
}
