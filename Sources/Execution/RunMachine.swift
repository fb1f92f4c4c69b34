package import ClusterModel

/// The run's state machine: events in, directives out. It decides and does nothing; the executor
/// carries its directives out on libvirt, the simulator in virtual time.
///
/// Rules it keeps, whatever arrives in whatever order:
/// - an intent is recorded before its migration, a settlement before its effect;
/// - after every migration, however it seemed to end, both hosts are looked at;
/// - no more migrations at once than the limits allow, on each host and in all;
/// - it never waits without a bound.
package struct RunMachine: Sendable {
    /// What a step is doing now; a step that is absent here is pending or over.
    enum Phase: Hashable, Sendable {
        case preflight(looks: Int)
        /// It is found out what it would copy; the sighting goes into its intent.
        case surveying(DomainSighting)
        case migrating(aborting: Bool)
        case verifying(Verification)
        case settling(Settlement, Verification)
    }

    /// What is known of an attempt while its whereabouts are found out.
    struct Verification: Hashable, Sendable {
        var statistics: MigrationStatistics?
        var error: String?
        var looks = 0
        var waits = 0
        /// The last look found a migration at work that no call of ours waits for.
        var isUnderWay = false
        /// It was asked to stop.
        var wasAborted = false
        var settlements = 0
        /// Of the last repair that failed.
        var settlementError: String?
        /// How often a post-copy that lost its link was taken up.
        var resumptions = 0
        /// Goes into the journal with the outcome.
        var note: String?
        /// When the migration ended.
        var endedAt: Timestamp?
        /// It does not start on the target and is brought back.
        var isGoingBack = false
        /// It was seen running on the target, at the look before.
        var hasRun = false
        var imageSettlements = 0
        /// Another process began it: what it made since its last record is not known.
        var isTakenUp = false
        var hasToldOfUnclaimed = false
    }

    /// Bounds on waiting and trying, so that every run ends.
    package struct Bounds: Hashable, Sendable {
        /// Looks that may find the same doubtful picture, and the pause between them.
        package var looks = 30
        package var lookPauseMilliseconds: Int64 = 2000
        /// Looks at a migration that the daemons drive without us, before it is aborted: an hour,
        /// unless the plan's options set a time.
        package var waits = 1800
        package var settlements = 3
        /// How often a post-copy that lost its link is taken up.
        package var resumptions = 8
        /// How long a guest must have run on the target before its old images are removed.
        package var provingMilliseconds: Int64 = 5000
        /// New plans around failures.
        package var plans = 5
        /// How long a guest is watched that was asked to shut down and did not in time.
        package var shutdownMilliseconds: Int64 = 900_000
        /// Looks at an emptied host that does not answer, before the run ends without its answer.
        package var lastLooks = 5

        package init() {}
    }

    package private(set) var state: RunState
    package let bounds: Bounds
    var phases: [StepID: Phase] = [:]
    var exclusions: [Exclusion] = []
    /// Steps whose migration is stopped because it does not converge.
    var hopeless: Set<StepID> = []
    /// Steps whose migration is stopped, and why: libvirt only says that it ended.
    var stopped: [StepID: String] = [:]
    /// Steps that were not begun because nothing may be sent to their target any more.
    var closed: Set<StepID> = []
    /// Watches over guests that were asked to shut down.
    var watches: [StepID: Watch] = [:]
    var lastLook = LastLook.notAsked
    /// A new plan is wanted as soon as nothing is under way, or is being made.
    var planning: Planning = .notNeeded
    var plansLeft: Int
    var stopReason: String?
    var aborting = false
    var haltReason: String?
    var isFinished = false

    enum Planning: Hashable, Sendable {
        case notNeeded, wanted, asked
    }

    /// A new run of this plan, or with `recovering` one that a crash or a stop left unfinished: its
    /// open steps are looked after first, then the rest is planned again from the world as it is.
    package init(state: RunState, recovering: Bool, bounds: Bounds = Bounds()) {
        self.state = state
        self.bounds = bounds
        plansLeft = bounds.plans
        planning = recovering && state.goal != .abort ? .wanted : .notNeeded
        if state.goal == .abort {
            stopReason = "aborted"
            aborting = true
        }
    }

    package mutating func handle(_ event: RunEvent, at time: Timestamp) -> [Directive] {
        guard !isFinished else { return [] }
        var directives: [Directive] = []
        switch event {
        case .begin:
            for open in state.openSteps {
                phases[open.step.id] = .verifying(Verification(isTakenUp: true))
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
        case .surveyed(let id, let preparation, let reason):
            directives += surveyed(id, preparation, reason: reason, at: time)
        case .migrationEnded(let id, let statistics, let error):
            phases[id] = .verifying(
                Verification(statistics: statistics, error: error, endedAt: time))
            directives.append(.look(id, .verify, afterMilliseconds: 0))
        case .askedToShutDown(let id):
            directives += fact(.askedToShutDown(id), of: id, at: time)
        case .made(let id, let path):
            directives += fact(.made(id, path: path), of: id, at: time)
        case .closed(let id):
            if case .migrating = phases[id] { closed.insert(id) }
        case .settled(let id, _, let error) where watches[id]?.isSettling == true:
            directives += woken(id, error: error)
        case .settled(let id, let settlement, let error):
            directives += settled(id, settlement, error: error, at: time)
        case .planned(let plan, let reason):
            directives += planned(plan, reason: reason, at: time)
        case .adjust(let id, let adjustment, let reason):
            directives += adjust(id, adjustment, reason: reason, at: time)
        case .hopeless(let id, let reason):
            if case .migrating = phases[id] { hopeless.insert(id) }
            directives += overdue(id, reason: reason)
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
        }
        directives += advance(at: time)
        return directives
    }

    /// Steps whose migration runs now.
    package var migratingSteps: [StepID] {
        phases.filter { if case .migrating = $0.value { true } else { false } }.keys.sorted()
    }

    // MARK: What to do next

    /// Whatever can go on now, goes on: the tail of every event.
    private mutating func advance(at time: Timestamp) -> [Directive] {
        let looks = watchGuests()
        let isOver = phases.isEmpty && !isWatching
        if let haltReason {
            return isOver ? finish(RunOutcome(.halted, reason: haltReason), at: time) : looks
        }
        if let stopReason {
            return isOver ? finish(RunOutcome(.failed, reason: stopReason), at: time) : looks
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
            phases[step.id] = .preflight(looks: 0)
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
            case .pending, .running, .failed: return false
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

    private mutating func stop(reason: String, at time: Timestamp) -> [Directive] {
        guard stopReason == nil else { return [] }
        stopReason = reason
        return [record(.stopping(reason: reason), at: time)]
    }

    private mutating func abortAll() -> [Directive] {
        aborting = true
        return phases.keys.sorted().compactMap { id in
            switch phases[id] {
            case .migrating:
                phases[id] = .migrating(aborting: true)
                return .abort(id)
            case .verifying(var now) where now.isUnderWay:
                now.wasAborted = true
                phases[id] = .verifying(now)
                return .abort(id)
            case .preflight, .surveying, .verifying, .settling, nil:
                return nil
            }
        }
    }

    /// How many looks a migration gets that the daemons drive without us. Nothing can stop a post-copy: it
    /// gets them all.
    func allowedWaits(_ source: DomainSighting, _ target: DomainSighting) -> Int {
        let isPostcopy = source.presence == .pausedByMigration && target.presence == .running
        guard let seconds = state.plan.options.timeoutSeconds, !isPostcopy else {
            return bounds.waits
        }
        let looks = Int64(seconds) * 1000 / max(1, bounds.lookPauseMilliseconds)
        return min(bounds.waits, Int(looks))
    }
}
