package import ClusterModel
package import Execution
import HypervisorInterface

/// The second interpreter of the run machine: a whole run in virtual time, against a simulated world
/// in which things go wrong, with a judge that looks after every event.
///
/// Nothing here waits, reads a clock or is random beyond its seed: the same input gives the same
/// run. Source of the idea: FoundationDB's and TigerBeetle's deterministic simulation.
package struct VirtualRun {
    /// Makes a plan for what is left, from the world as it is: nil with a reason when it cannot.
    package typealias Replanner =
        (RunGoal, [Exclusion], RunState, SimulatedWorld) -> (plan: MigrationPlan?, reason: String?)
    /// Makes the machine under test; `recovering` as for `RunMachine`.
    package typealias MachineFactory = (RunState, _ recovering: Bool) -> any RunDeciding

    package internal(set) var world: SimulatedWorld
    package internal(set) var journal: [JournalRecord] = []
    /// Broken rules. Empty, or somebody has a bug.
    package internal(set) var violations: [String] = []
    /// How often our process died.
    package internal(set) var crashes = 0
    /// The story, line by line, if it was asked for.
    package internal(set) var story: [String] = []
    package var interruptions = Interruptions()
    package var isTold = false
    /// Labels of the rows of the recovery table that were met after an intent.
    package internal(set) var rowsMet: Set<String> = []
    /// A crash ends `run` with nil, for a test that resumes the run in another way.
    package var crashesEnd = false
    package var shortcut: Shortcut?
    /// The last lines of the story, and how many like them came since.
    var lately: [String] = []
    var untold = 0
    /// Every record is coded and decoded again at the end of `run`.
    package var checksCoding = false

    let plan: MigrationPlan
    let replanner: Replanner
    let makeMachine: MachineFactory
    let judge: WorldJudge
    let narrator: Narrator
    var random: SeededGenerator
    var machine: any RunDeciding
    var agenda: [Appointment] = []
    /// Calls of ours that have not returned: the number of the migration in the world.
    var calls: [StepID: Int] = [:]
    /// One for each call, as the executor has.
    var watches: [StepID: MigrationWatch] = [:]
    /// What the last look found at each step, in this life of our process.
    var seen: [StepID: Evidence] = [:]
    /// Pairs whose daemons do not reach each other: their next attempt is managed, as the executor's.
    var managedPairs: Set<[HostName]> = []
    /// We did something to the world since the calls were last looked at.
    var hasActed = false
    /// Of the steps so far: no number is given twice.
    private var moves: [StepID: Move] = [:]
    /// How far our wall clock is off.
    var clockOffset: Int64 = 0
    /// Migrations of ours, returned or not: a killed caller's go on.
    var ours: Set<Int> = []
    /// Of the plan in force, by the journal and not by the machine's word.
    private(set) var limits: MigrationLimits
    private var ticks = 0
    private var lives: Int32 = 0
    private var sequence = 0

    /// Both hosts' sightings of a step's domain, and what they were asked for.
    struct Evidence {
        var purpose: LookPurpose
        var source: DomainSighting
        var target: DomainSighting
    }

    /// Something that our process will do at a time.
    struct Appointment {
        enum Task {
            case start(StepID)
            case look(StepID, LookPurpose, source: DomainSighting?)
            case settle(StepID, Settlement)
            /// The answer was made from the world as it was when it was asked for.
            case answer(MigrationPlan?, reason: String?)
            case tell(RunEvent)
            case lookAtHosts([HostName])
            case setClock(Int64)
            /// A call that takes too long: the number of its migration tells it from later ones.
            case watch(StepID, Int)
        }

        var at: Timestamp
        var task: Task
    }

    /// How one life of our process ended.
    enum LifeEnd: Error {
        case crashed
        case ended(RunOutcome)
    }

    package init(
        world: SimulatedWorld, plan: MigrationPlan, seed: UInt64,
        machine: @escaping MachineFactory = { RunMachine(state: $0, recovering: $1) },
        replanner: @escaping Replanner
    ) {
        self.world = world
        self.plan = plan
        self.replanner = replanner
        makeMachine = machine
        limits = plan.limits
        judge = WorldJudge(start: world)
        narrator = Narrator(world: world, plan: plan)
        random = SeededGenerator(seed: seed)
        self.machine = machine(RunState(plan: plan), false)
    }

    package var state: RunState { RunState(plan: plan, records: journal) }

    /// Runs, or resumes the run, until it ends; after a crash a new process goes on at once.
    /// nil when it does not end within a week of virtual time: that is a violation too. (A guest that
    /// never converges has an hour for each attempt and plan.)
    package mutating func run(to goal: RunGoal = .forward) -> RunOutcome? {
        let deadline = world.now.advanced(byMilliseconds: 7 * 86_400_000)
        var isFirst = true
        while true {
            do throws(LifeEnd) {
                try live(goal: goal, isFirst: isFirst, until: deadline)
                endLife()
                return nil
            } catch {
                isFirst = false
                endLife()
                switch error {
                case .ended(let outcome):
                    tell(Narrator.words(outcome))
                    if outcome == machine.state.outcome { examineJournal() }
                    examineEnd(outcome)
                    return outcome
                case .crashed:
                    crashes += 1
                    tell("kvmbalance is killed")
                    world.advance(
                        to: world.now.advanced(
                            byMilliseconds: random.number(in: 100...60_000)))
                    examine()
                    if crashesEnd { return nil }
                }
            }
        }
    }

    /// One process, from its start to its end. Returns only when time is up.
    private mutating func live(
        goal: RunGoal, isFirst: Bool, until deadline: Timestamp
    ) throws(LifeEnd) {
        let isNew = journal.isEmpty
        lives += 1
        if isNew {
            try write(.taken(process: lives, goal: goal))
            try write(.planned(plan, goal: goal))
        } else {
            try write(.taken(process: lives, goal: goal))
        }
        machine = makeMachine(state, !isNew)
        if isFirst {
            for (delay, wish) in interruptions.wishes.sorted(by: { $0.key < $1.key }) {
                appoint(.tell(wish), after: delay)
            }
            for (delay, step) in interruptions.clockSteps.sorted(by: { $0.key < $1.key }) {
                appoint(.setClock(step), after: delay)
            }
        }
        try feed(.begin)
        while world.now <= deadline {
            let change = world.nextChange
            guard let next = nextMoment(change) else {
                violations.append("the run waits for nothing and has not ended")
                return
            }
            let changes = change.map { $0 <= next } ?? false
            let waiting = isTold ? world.schedule : []
            world.advance(to: next, knowing: change)
            if isTold { tellFaults(since: waiting) }
            if changes { examine() }
            if changes || hasActed {
                hasActed = false
                try collectReplies()
            }
            if let index = agenda.indices.min(by: { agenda[$0].at < agenda[$1].at }),
                agenda[index].at <= world.now
            {
                try keep(agenda.remove(at: index))
            }
        }
        violations.append("the run did not end within a week")
    }

    private func nextMoment(_ change: Timestamp?) -> Timestamp? {
        var own: Timestamp?
        for appointment in agenda { own = min(own ?? appointment.at, appointment.at) }
        guard let change else { return own }
        // The world alone can only matter to us while we wait for it.
        return own.map { min($0, change) } ?? (calls.isEmpty ? nil : change)
    }

    /// Something goes wrong, or a person does something, between two runs.
    package mutating func strike(_ fault: SimulatedFault) {
        world.strike(fault)
        let words = narrator.words(fault)
        tell("FAULT: \(words)")
        examine()
    }

    /// What was only broken for a while works again, and an hour passes.
    package mutating func calm() {
        world.heal()
        world.advance(to: world.now.advanced(byMilliseconds: 3_600_000))
        examine()
    }

    /// Our process is gone, and with it what it had planned to do and the calls it waited for. Only
    /// a managed migration notices.
    private mutating func endLife() {
        for (_, number) in calls.sorted(by: { $0.key < $1.key }) { world.abandon(number) }
        agenda = []
        calls = [:]
        watches = [:]
        seen = [:]
        managedPairs = []
    }

    /// What our own clock shows.
    var ourTime: Timestamp { world.now.advanced(byMilliseconds: clockOffset) }

    mutating func appoint(_ task: Appointment.Task, after milliseconds: Int64) {
        agenda.append(
            Appointment(at: world.now.advanced(byMilliseconds: milliseconds), task: task))
    }

    /// Another moment at which our process can die.
    mutating func tick() throws(LifeEnd) {
        ticks += 1
        if interruptions.crashes.contains(ticks) { throw .crashed }
    }

    mutating func write(_ event: JournalEvent) throws(LifeEnd) {
        sequence += 1
        guard !interruptions.unwritable.contains(sequence) else {
            if shortcut == .goesOnWithoutJournal { return }
            throw breakJournal()
        }
        lately = []
        let offset = isTold ? state.nextStepNumber - 1 : 0
        journal.append(
            JournalRecord(sequence: journal.count + 1, at: ourTime, event: event))
        if case .planned(let plan, _) = event { limits = plan.limits }
        if isTold { for line in narrator.lines(event, offset: offset) { tell(line) } }
        demandProof(of: event)
        if interruptions.crashesAfterRecords.remove(journal.count) != nil { throw .crashed }
    }

    /// As the executor does: nothing more is started, repairs that were begun are done.
    private mutating func breakJournal() -> LifeEnd {
        for appointment in agenda {
            switch appointment.task {
            case .settle(let id, let settlement): _ = settle(id, settlement)
            case .start(let id): _ = start(id)
            case .look, .lookAtHosts, .answer, .tell, .setClock, .watch: break
            }
        }
        // It waits for the calls it has made.
        for id in calls.keys.sorted() {
            if let number = calls[id], isManaged(number) { awaitEnd(of: number) }
        }
        return .ended(RunOutcome(.halted, reason: "the journal cannot be written"))
    }

    private func isManaged(_ number: Int) -> Bool {
        world.migrations.contains { $0.id == number && $0.isManaged }
    }

    private mutating func awaitEnd(of number: Int) {
        for _ in 0..<10_000 where isManaged(number) {
            guard let change = world.nextChange else { return }
            world.advance(to: change)
            examine()
        }
    }

    mutating func move(_ id: StepID) -> Move {
        if let move = moves[id] { return move }
        guard let move = machine.state.step(id)?.step.move else {
            preconditionFailure("the run has no step \(id)")
        }
        moves[id] = move
        return move
    }
}
