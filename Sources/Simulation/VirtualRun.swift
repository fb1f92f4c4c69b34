package import ClusterModel
package import Execution
import HypervisorInterface

/// The second interpreter of the run machine: a whole run in virtual time, against a simulated world
/// in which things go wrong, with a judge that looks after every event.
///
/// Nothing here waits, reads a clock or is random beyond its seed: the same input gives the same
/// run. Source of the idea: FoundationDB's and TigerBeetle's deterministic simulation.
package struct VirtualRun {
    /// Makes a plan for what is left, from the world as it is: nil with a reason when it can not.
    package typealias Replanner =
        (RunGoal, [Exclusion], RunState, SimulatedWorld) -> (plan: MigrationPlan?, reason: String?)
    /// Makes the machine under test; `recovering` as for `RunMachine`.
    package typealias MachineFactory = (RunState, _ recovering: Bool) -> any RunDeciding

    /// What goes wrong on our side, and when a person speaks up.
    package struct Interruptions: Hashable, Sendable {
        /// Our process dies after so many records and effects, counted over all its lives.
        package var crashes: Set<Int> = []
        /// The so manyeth record can not be written: the disk is full.
        package var unwritable: Set<Int> = []
        /// What a person asks for, in milliseconds after the start of the run.
        package var wishes: [Int64: RunEvent] = [:]

        package init() {}
    }

    package internal(set) var world: SimulatedWorld
    package internal(set) var journal: [JournalRecord] = []
    /// Broken rules. Empty, or somebody has a bug.
    package internal(set) var violations: [String] = []
    /// How often our process died.
    package internal(set) var crashes = 0
    /// The story, line by line, if it was asked for.
    package private(set) var story: [String] = []
    package var interruptions = Interruptions()
    package var isTold = false
    /// A crash ends `run` with nil, for whoever wants to take the run up in another way.
    package var crashesEnd = false

    let plan: MigrationPlan
    let replanner: Replanner
    let makeMachine: MachineFactory
    let judge: WorldJudge
    var random: SeededGenerator
    var machine: any RunDeciding
    var agenda: [Appointment] = []
    /// Calls of ours that have not returned: the number of the migration in the world.
    var calls: [StepID: Int] = [:]
    /// Migrations of ours, returned or not: a killed caller's go on.
    var ours: Set<Int> = []
    /// Of the plan in force, by the journal and not by the machine's word.
    private(set) var limits: MigrationLimits
    private var ticks = 0
    private var sequence = 0

    /// Something that our process will do at a time.
    struct Appointment {
        enum Task {
            case start(StepID)
            case look(StepID, LookPurpose, source: DomainSighting?)
            case settle(StepID, Settlement)
            case plan(RunGoal, [Exclusion])
            case tell(RunEvent)
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
        random = SeededGenerator(seed: seed)
        self.machine = machine(RunState(plan: plan), false)
    }

    package var state: RunState { RunState(plan: plan, records: journal) }

    /// Runs, or takes the run up again, until it ends; after a crash a new process goes on at once.
    /// nil when it does not end within a day of virtual time: that is a violation too.
    package mutating func run(to goal: RunGoal = .forward) -> RunOutcome? {
        let deadline = world.now.advanced(byMilliseconds: 86_400_000)
        var isFirst = true
        while true {
            do throws(LifeEnd) {
                try live(goal: goal, isFirst: isFirst, until: deadline)
                agenda = []
                calls = [:]
                return nil
            } catch {
                isFirst = false
                agenda = []
                calls = [:]
                switch error {
                case .ended(let outcome):
                    tell("ended: \(outcome.state.rawValue) \(outcome.reason ?? "")")
                    examineEnd(outcome)
                    return outcome
                case .crashed:
                    crashes += 1
                    tell("we are killed")
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
        if isNew {
            try write(.taken(process: 1, goal: goal))
            try write(.planned(plan, goal: goal))
        } else {
            try write(.taken(process: Int32(crashes + 1), goal: goal))
        }
        machine = makeMachine(state, !isNew)
        if isFirst {
            for (delay, wish) in interruptions.wishes.sorted(by: { $0.key < $1.key }) {
                appoint(.tell(wish), after: delay)
            }
        }
        try feed(.begin)
        while world.now <= deadline {
            guard let next = nextMoment else {
                violations.append("the run waits for nothing and has not ended")
                return
            }
            let changes = world.nextChange.map { $0 <= next } ?? false
            world.advance(to: next)
            if changes { examine() }
            try collectReplies()
            if let index = agenda.indices.min(by: { agenda[$0].at < agenda[$1].at }),
                agenda[index].at <= world.now
            {
                try keep(agenda.remove(at: index))
            }
        }
        violations.append("the run did not end within a day")
    }

    private var nextMoment: Timestamp? {
        let own = agenda.map(\.at).min()
        guard let change = world.nextChange else { return own }
        // The world alone can only matter to us while we wait for it.
        return own.map { min($0, change) } ?? (calls.isEmpty ? nil : change)
    }

    /// What was only broken for a while works again, and an hour passes.
    package mutating func calm() {
        world.heal()
        world.advance(to: world.now.advanced(byMilliseconds: 3_600_000))
        examine()
    }

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
        guard !interruptions.unwritable.contains(sequence) else { throw breakJournal() }
        journal.append(
            JournalRecord(sequence: journal.count + 1, at: world.now, event: event))
        if case .planned(let plan, _) = event { limits = plan.limits }
        tell("record: \(event)")
    }

    /// As the executor does: nothing more is started, repairs that were begun are done.
    private mutating func breakJournal() -> LifeEnd {
        for appointment in agenda {
            if case .settle(let id, let settlement) = appointment.task {
                _ = settle(id, settlement)
            }
        }
        return .ended(RunOutcome(.halted, reason: "the journal can not be written"))
    }

    mutating func tell(_ line: @autoclosure () -> String) {
        guard isTold else { return }
        story.append("\(world.now) \(line())")
    }
}
