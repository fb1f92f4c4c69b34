package import ClusterModel
package import Execution
import HypervisorInterface

/// A whole run in virtual time: the shipped executor and the run machine, against a simulated world
/// in which things go wrong, with a judge that looks after every act.
///
/// Nothing here waits, reads a clock or is random beyond its seed: the same input gives the same
/// run. Source of the idea: FoundationDB's and TigerBeetle's deterministic simulation.
package struct VirtualRun: Sendable {
    /// Makes a plan for what is left, from the world as it is: nil with a reason when it cannot.
    package typealias Replanner =
        @Sendable (RunGoal, [Exclusion], RunState, SimulatedWorld) -> (
            plan: MigrationPlan?, reason: String?
        )
    /// Makes the machine under test; `recovering` as for `RunMachine`.
    package typealias MachineFactory =
        @Sendable (RunState, _ recovering: Bool) -> any RunDeciding

    package internal(set) var world: SimulatedWorld
    package internal(set) var journal: [JournalRecord] = []
    /// The fold of the journal.
    package internal(set) var state: RunState
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
    /// A deliberate bug of the connections.
    package var mistake: SimulatedMistake?
    package var lot: Lot
    /// The last lines of the story, and how many like them came since.
    var lately: [String] = []
    var untold = 0
    /// Every record is coded and decoded again at the end of `run`.
    package var checksCoding = false

    let plan: MigrationPlan
    let replanner: Replanner
    let makeMachine: MachineFactory
    let judge: WorldJudge
    let log: EventLog
    /// What the machine of this life knows.
    var known: RunState
    /// What the last look found at each step, in this life of our process.
    var seen: [StepID: Evidence] = [:]
    /// We did something to the world since those who wait for it were last woken.
    var hasActed = false
    /// Calls of ours that have not returned: the numbers of their migrations in the world.
    var calls: Set<Int> = []
    /// Migrations of ours, returned or not: a killed caller's go on.
    var ours: Set<Int> = []
    /// Domains that ran twice when something was about to be done to them, and what.
    var ranTwice: [DomainID: String] = [:]
    /// Steps whose target was in maintenance when their intent was written. Whoever closes a host
    /// later finds the step in the journal.
    var wasClosed: Set<StepID> = []
    /// When the guests were looked at for the last time.
    var finalLookAt: Timestamp?
    /// How many records there were when a host last told us who is on it.
    var listedAt: [HostName: Int] = [:]
    /// When something befell a domain by others' doing, and how much of that is known.
    var struckAt: [DomainID: Timestamp] = [:]
    var fatesSeen = 0
    /// Nothing has gone wrong since the world was healed.
    var isQuiet = false
    /// When a person asked this process to abort the run.
    var abortedAt: Timestamp?
    /// How far our wall clock is off.
    var clockOffset: Int64 = 0
    /// Of the plan in force, by the journal and not by the machine's word.
    var limits: MigrationLimits
    var isKilled = false
    var ticks = 0
    var sequence = 0
    private var lives: Int32 = 0

    /// Both hosts' sightings of a step's domain, and what they were asked for.
    struct Evidence {
        var purpose: ObservationPurpose
        var source: DomainSighting
        var target: DomainSighting
        /// It was looked at for this attempt. The watch over a guest that was asked before may look
        /// once more until the attempt begins.
        var isChecked: Bool
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
        log = EventLog(world: world, plan: plan)
        lot = .drawn(SplitMix64(seed: seed))
        state = RunState(plan: plan)
        known = state
    }

    /// Runs, or resumes the run, until it ends; after a crash a new process goes on at once.
    /// nil when it does not end within a week of virtual time: that is a violation too. (A guest
    /// that never converges has an hour for each attempt and plan.)
    package mutating func run(to goal: RunGoal = .forward) -> RunOutcome? {
        let deadline = world.now.advanced(byMilliseconds: 7 * 86_400_000)
        var isFirst = true
        while true {
            let end = live(goal: goal, isFirst: isFirst, until: deadline)
            isFirst = false
            switch end {
            case .ended(let outcome):
                tell(EventLog.words(outcome))
                if outcome == known.outcome { examineJournal() }
                examineEnd(outcome)
                return outcome
            case .stalled(let reason):
                violations.append(reason)
                return nil
            case .crashed:
                crashes += 1
                tell("kvmbalance is killed")
                world.advance(to: world.now.advanced(byMilliseconds: lot.pause))
                examine()
                if crashesEnd { return nil }
            }
        }
    }

    /// One process, from its start to its end.
    private mutating func live(
        goal: RunGoal, isFirst: Bool, until deadline: Timestamp
    ) -> VirtualProcess.End {
        let isNew = journal.isEmpty
        lives += 1
        (isKilled, seen, ranTwice, abortedAt) = (false, [:], [:], nil)
        do {
            try write(.taken(process: lives, goal: goal), at: ourTime)
            if isNew { try write(.planned(plan, goal: goal), at: ourTime) }
        } catch {
            return isKilled ? .crashed : .ended(RunOutcome(.halted, reason: "\(error)"))
        }
        let process = VirtualProcess(self, isFirst: isFirst)
        // The process has the world now: a second reference would make each change a copy.
        world = SimulatedWorld(hosts: [], now: world.now)
        let end = process.live(machine: makeMachine(state, !isNew), until: deadline)
        self = process.run
        // Only a managed migration notices that its caller is gone.
        for number in calls.sorted() { world.abandon(number) }
        calls = []
        return end
    }

    /// Something goes wrong, or a person does something, between two runs.
    package mutating func inject(_ fault: SimulatedFault) {
        isQuiet = false
        world.inject(fault)
        let words = log.words(fault)
        tell("FAULT: \(words)")
        examine()
    }

    /// What was only broken for a while works again, and an hour passes.
    package mutating func quiesce() {
        world.heal()
        world.advance(to: world.now.advanced(byMilliseconds: 3_600_000))
        isQuiet = true
        examine()
    }

    /// What our own clock shows.
    var ourTime: Timestamp { world.now.advanced(byMilliseconds: clockOffset) }

    /// Another moment at which our process can die.
    mutating func tick() {
        ticks += 1
        if interruptions.crashes.contains(ticks) { isKilled = true }
    }

    /// Throws when the disk is full, or our process dies with the record written.
    mutating func write(_ event: JournalEvent, at time: Timestamp) throws {
        guard !isKilled else { throw Killed() }
        sequence += 1
        guard !interruptions.unwritable.contains(sequence) else {
            if shortcut == .goesOnWithoutJournal { return }
            throw DiskFull()
        }
        lately = []
        let offset = isTold ? state.nextStepNumber - 1 : 0
        journal.append(JournalRecord(sequence: journal.count + 1, at: time, event: event))
        state.apply(event, at: time)
        if case .planned(let plan, _) = event { limits = plan.limits }
        if case .intent(let id, _, _, _) = event {
            let isClosed = state.step(id).map { world.closed.contains($0.step.move.target) }
            if isClosed == true { wasClosed.insert(id) } else { wasClosed.remove(id) }
        }
        if isTold { for line in log.lines(event, offset: offset, of: state) { tell(line) } }
        demandProof(of: event)
        if interruptions.crashesAfterRecords.remove(journal.count) != nil { isKilled = true }
        tick()
        if isKilled { throw Killed() }
    }

    struct Killed: Error {}

    struct DiskFull: Error, CustomStringConvertible {
        let description = "database or disk is full"
    }
}
