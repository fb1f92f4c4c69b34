package import ClusterModel

/// A run as its journal tells it: the fold of its records, and nothing else.
package struct RunState: Hashable, Sendable {
    /// One step with its story.
    package struct StepState: Hashable, Sendable {
        package var step: Step
        package var goal: RunGoal
        package var status: StepStatus = .pending
        package var attempts = 0
        package var startedAt: Timestamp?
        package var endedAt: Timestamp?
        /// The last error, also of a step that came right later.
        package var error: String?
        /// Repairs that were done for it.
        package var settlements: [RepairAction] = []
        /// Was it begun to remove images of this attempt, and not heard that it was done?
        package var hasBegunRemoval = false
        /// What this attempt makes on the target; nil for one that migrates live, with its memory
        /// only.
        package var preparation: StepPreparation?
        /// Paths of the images that this attempt made on the target.
        package var made: [String] = []
        /// When this attempt began.
        package var attemptedAt: Timestamp?
        /// This attempt found or brought the guest down: whoever runs later was started again.
        package var wasSeenDown = false
        /// How often this attempt was to start the guest on its target.
        package var targetStarts = 0
        /// This attempt brought the definition back from the target.
        package var hasReturned = false
        /// What was changed of its migration, with the reason.
        package var adjustments: [Adjustment] = []
        /// What its migration took, also of a step that was rolled back since; nil when not told.
        package var observed: MigrationStatistics?
    }

    /// A change of a running migration, and why.
    package struct Adjustment: Hashable, Sendable {
        package var attempt: Int
        package var change: MigrationAdjustment
        package var reason: String
    }

    /// A guest that was asked to shut down and has not been down since.
    package struct Asked: Hashable, Sendable {
        /// The step that asked last.
        package var step: StepID
        /// When the attempt ended that asked, or when it asked.
        package var since: Timestamp
    }

    package private(set) var kind: MigrationPlan.Kind
    package private(set) var goal: RunGoal = .forward
    /// The first plan: what the run was started for.
    package private(set) var original: MigrationPlan
    /// The plan in force.
    package private(set) var plan: MigrationPlan
    /// In order of planning.
    package private(set) var steps: [StepState] = []
    /// Guests that may go down at any time, because this run asked them to.
    package private(set) var asked: [DomainID: Asked] = [:]
    package private(set) var outcome: RunOutcome?
    package private(set) var stopReason: String?
    package private(set) var startedAt: Timestamp?
    package private(set) var endedAt: Timestamp?

    /// An empty run of this plan, before any record.
    package init(plan: MigrationPlan) {
        kind = plan.kind
        original = plan
        self.plan = plan
    }

    package init(plan: MigrationPlan, records: [JournalRecord]) {
        self.init(plan: plan)
        for record in records { apply(record.event, at: record.at) }
    }

    package mutating func apply(_ event: JournalEvent, at time: Timestamp) {
        switch event {
        case .taken(_, let goal):
            startedAt = startedAt ?? time
            self.goal = goal
            stopReason = nil
            outcome = nil
            endedAt = nil
            askOpenSteps(at: time)
        case .planned(let plan, let goal):
            adopt(plan, goal: goal)
        case .intent(let id, let attempt, let persistent, let autostart):
            update(id) {
                $0.attempts += 1
                $0.startedAt = $0.startedAt ?? time
                $0.attemptedAt = time
                $0.wasSeenDown = false
                $0.targetStarts = 0
                $0.hasReturned = false
                $0.status = .running(
                    attempt: attempt, persistent: persistent, autostart: autostart)
            }
        case .preparing, .made, .askedToShutDown, .upAgain, .cleared, .adjusting, .settling:
            note(event, at: time)
        case .attemptFailed(let id, _, let error):
            update(id) {
                $0.status = .pending
                $0.error = error
            }
            attemptOver(id, at: time)
        case .arrived(let id, let statistics, let note):
            update(id) { $0.observed = statistics }
            if step(id)?.asksToShutDown == true { forget(id) }
            close(id, .done(statistics, note: note), at: time)
        case .skipped(let id, let reason):
            close(id, .skipped(reason: reason), at: time)
        case .failed(let id, let error):
            close(id, .failed(error: error), at: time)
            update(id) { $0.error = error }
        case .stopping(let reason):
            stopReason = reason
        case .ended(let outcome):
            end(outcome, at: time)
        }
    }

    /// What happens to a step while it goes on.
    private mutating func note(_ event: JournalEvent, at time: Timestamp) {
        switch event {
        case .preparing(let id, let preparation):
            update(id) {
                $0.preparation = preparation
                $0.made = []
                $0.hasBegunRemoval = false
            }
        case .made(let id, let path):
            update(id) {
                $0.made.append(path)
                // The guest is down before its images are copied.
                if $0.beginning == .cold { $0.wasSeenDown = true }
            }
        case .askedToShutDown(let id):
            ask(id, at: time)
        case .upAgain(let id):
            forget(id)
        case .cleared(let id):
            update(id) {
                $0.hasBegunRemoval = false
                // Of the copies only what is known to be ours was removed: whoever comes next has
                // to name the others.
                let isOfCopies = $0.settlements.last(where: \.removesImages) == .removeTargetImages
                let made = $0.made
                $0.preparation?.images.removeAll { !isOfCopies || made.contains($0.path) }
                $0.made = []
            }
        case .adjusting(let id, let change, let reason):
            update(id) {
                $0.adjustments.append(
                    Adjustment(attempt: $0.attempts, change: change, reason: reason))
            }
        case .settling(let id, let settlement):
            update(id) {
                $0.settlements.append(settlement)
                if settlement.removesImages { $0.hasBegunRemoval = true }
                if settlement.findsGuestDown { $0.wasSeenDown = true }
                if settlement == .startTarget { $0.targetStarts += 1 }
                if settlement == .returnDefinition { $0.hasReturned = true }
            }
        case .taken, .planned, .intent, .attemptFailed, .arrived, .skipped, .failed, .stopping,
            .ended:
            break
        }
    }

    package func step(_ id: StepID) -> StepState? { steps.first { $0.step.id == id } }

    /// Steps whose domain may be anywhere: an intent without an outcome.
    package var openSteps: [StepState] {
        steps.filter { if case .running = $0.status { true } else { false } }
    }

    /// Where the run took each domain: from its first source to where it was seen last.
    package var displacements: [Move] {
        var order: [DomainID] = []
        var moves: [DomainID: Move] = [:]
        for state in steps {
            switch state.status {
            case .done, .compensated: break
            case .pending, .running, .failed, .skipped: continue
            }
            let move = state.step.move
            if moves[move.domain] == nil { order.append(move.domain) }
            moves[move.domain, default: move].target = move.target
        }
        return order.compactMap { moves[$0] }.filter { $0.source != $0.target }
    }

    /// Guests that the run stopped where they were and has not started again, in the order of their
    /// steps, each with the step that stopped it.
    package var stopped: [(step: Step, guest: StoppedGuest)] {
        changesInPlace.filter(\.mode.stopsInPlace).map { step in
            let move = step.move
            return (
                step, StoppedGuest(move.domain, on: move.source, isSaved: step.mode == .save)
            )
        }
    }

    /// Which machines the hosts' names must lead to: as they did when the run was planned first,
    /// then for hosts that joined later.
    package var hostUUIDs: [HostName: String] {
        original.origin.hostUUIDs.merging(plan.origin.hostUUIDs) { first, _ in first }
    }

    /// The number the next step of a new plan may have.
    package var nextStepNumber: Int { (steps.map(\.step.id.rawValue).max() ?? 0) + 1 }

    private mutating func ask(_ id: StepID, at time: Timestamp) {
        guard let domain = step(id)?.step.move.domain else { return }
        asked[domain] = Asked(step: id, since: time)
    }

    /// A process that was killed may have asked and not have come to write it down.
    private mutating func askOpenSteps(at time: Timestamp) {
        for open in openSteps where open.asksToShutDown {
            ask(open.step.id, at: open.attemptedAt ?? time)
        }
    }

    /// The guest runs on its source. If it was down meanwhile, that was what it had been asked for.
    private mutating func attemptOver(_ id: StepID, at time: Timestamp) {
        guard let over = step(id) else { return }
        if over.wasSeenDown {
            forget(id)
        } else if asked[over.step.move.domain]?.step == id {
            ask(id, at: time)
        }
    }

    private mutating func forget(_ id: StepID) {
        guard let domain = step(id)?.step.move.domain else { return }
        asked[domain] = nil
    }

    private mutating func adopt(_ plan: MigrationPlan, goal: RunGoal) {
        self.goal = goal
        self.plan = plan
        let offset = nextStepNumber - 1
        for index in steps.indices where steps[index].status == .pending {
            steps[index].status = .plannedAgain
        }
        steps += plan.steps.map { StepState(step: $0.renumbered(by: offset), goal: goal) }
    }

    private mutating func end(_ outcome: RunOutcome, at time: Timestamp) {
        self.outcome = outcome
        endedAt = time
        guard outcome.state == .rolledBack else { return }
        for index in steps.indices where steps[index].goal == .forward {
            if case .done = steps[index].status { steps[index].status = .compensated }
        }
    }

    private mutating func close(_ id: StepID, _ status: StepStatus, at time: Timestamp) {
        update(id) {
            $0.status = status
            $0.endedAt = time
        }
    }

    private mutating func update(_ id: StepID, _ change: (inout StepState) -> Void) {
        guard let index = steps.firstIndex(where: { $0.step.id == id }) else { return }
        change(&steps[index])
    }
}

extension RepairAction {
    fileprivate var removesImages: Bool {
        self == .removeSourceImages || self == .removeTargetImages
    }

    /// Is it done only where the guest was seen down?
    fileprivate var findsGuestDown: Bool {
        switch self {
        case .startSource, .startTarget, .returnDefinition: true
        case .destroyPausedSource, .resumeSource, .resumePostcopy, .undefineSource,
            .undefineTarget, .setAutostart, .setSourceAutostart, .removeTargetImages,
            .removeSourceImages:
            false
        }
    }
}

extension Step {
    /// The same step in a run that has `offset` steps before this plan.
    fileprivate func renumbered(by offset: Int) -> Step {
        var step = self
        step.id = StepID(id.rawValue + offset)
        step.after = after.map { StepID($0.rawValue + offset) }
        return step
    }
}
