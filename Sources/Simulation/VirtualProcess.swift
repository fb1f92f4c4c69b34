import Actuation
import ClusterModel
import Execution
import HypervisorInterface
import Synchronization

/// One life of our process in virtual time: the shipped executor with simulated hosts behind its
/// connections, a journal in memory, and a clock that only this driver moves.
final class VirtualProcess: WorldHolder, RunJournal, RunObserver {
    /// How it ended.
    enum End {
        case ended(RunOutcome)
        case crashed
        case stalled(String)
    }

    /// What happens beside the executor at a time: a person's wish, or a clock that is set.
    private enum Incident {
        case wish(RunEvent)
        case clockStep(Int64)
        case death
    }

    private let state: Mutex<VirtualRun>
    private let thread = VirtualThread()
    private let time = VirtualClock()
    private let outcome = Mutex<RunOutcome?>(nil)
    private let incidents: [(at: Timestamp, what: Incident)]

    init(_ run: VirtualRun, isFirst: Bool) {
        state = Mutex(run)
        let (start, plan) = (run.world.now, run.interruptions)
        let wishes = plan.wishes.map {
            (at: start.advanced(byMilliseconds: $0), what: Incident.wish($1))
        }
        let steps = plan.clockSteps.map {
            (at: start.advanced(byMilliseconds: $0), what: Incident.clockStep($1))
        }
        let deaths = plan.crashTimes.map {
            (at: start.advanced(byMilliseconds: $0), what: Incident.death)
        }
        let all = [wishes, steps, deaths].flatMap { $0.sorted { $0.at < $1.at } }
        incidents = isFirst ? all : []
    }

    /// The run as it is now.
    var run: VirtualRun { state.withLock(\.self) }

    // MARK: Driving

    func live(machine: any RunDeciding, until deadline: Timestamp) -> End {
        let executor = executor(machine)
        let task = Task(executorPreference: thread) {
            let end = await executor.execute()
            self.outcome.withLock { $0 = end }
        }
        let end = drive(executor, until: deadline)
        // Whatever is left of this process ends without an effect: its connections are closed.
        state.withLock { $0.isKilled = true }
        task.cancel()
        time.end()
        thread.runAll()
        return end
    }

    private func drive(_ executor: RunExecutor, until deadline: Timestamp) -> End {
        var ahead = incidents[...]
        while true {
            thread.runAll()
            if state.withLock(\.isKilled) { return .crashed }
            if let end = outcome.withLock(\.self) { return .ended(end) }
            let (now, change) = state.withLock { ($0.world.now, $0.world.nextChange) }
            if state.withLock({ run in
                defer { run.hasActed = false }
                return run.hasActed
            }) {
                time.worldChanged()
                continue
            }
            // The world alone can only matter to us while we wait for it.
            let own = [time.nextWake, ahead.map(\.at).min()].compactMap { $0 }.min()
            guard
                let next = [own, time.awaitsChange || own != nil ? change : nil]
                    .compactMap({ $0 }).min()
            else { return .stalled("the run waits for nothing and has not ended") }
            guard next <= deadline else { return .stalled("the run did not end within a week") }
            if next > now || change.map({ $0 <= next }) == true { advance(to: next, change) }
            if let place = ahead.firstIndex(where: { $0.at <= next }) {
                meet(ahead.remove(at: place).what, executor)
            } else {
                time.wakeNext(at: next)
            }
        }
    }

    private func advance(to next: Timestamp, _ change: Timestamp?) {
        state.withLock { run in
            let waiting = run.isTold ? run.world.schedule : []
            run.world.advance(to: next, knowing: change)
            if run.isTold { run.tellFaults(since: waiting) }
            guard let change, change <= next else { return }
            run.examine()
            run.hasActed = true
        }
    }

    private func meet(_ incident: Incident, _ executor: RunExecutor) {
        switch incident {
        case .wish(let event): executor.send(event)
        case .death: state.withLock { $0.isKilled = true }
        case .clockStep(let step):
            state.withLock { run in
                run.clockOffset += step
                run.tell("the clock is set by \(EventLog.seconds(step))")
            }
        }
    }

    private func executor(_ machine: any RunDeciding) -> RunExecutor {
        let hosts = state.withLock { $0.world.hosts.map(\.name) }
        var ours = WorldClock(
            now: { self.state.withLock(\.ourTime) }, steady: clock,
            sleep: { try await self.sleep($0) })
        ours.thread = thread
        // Nothing here moves between two changes of the world.
        ours.pollMilliseconds = 5000
        let isBlind = state.withLock(\.shortcut) == .ignoresMaintenance
        let connections = Dictionary(
            uniqueKeysWithValues: hosts.map { ($0, VirtualConnection($0, self).hostConnection) })
        let leases = RunLeases(
            connections, of: VirtualRun.controller, for: "run 1", clock: ours,
            tell: { self.observe(.note($0)) })
        return RunExecutor(
            run: RunID(1), machine: WitnessedMachine(machine, process: self), journal: self,
            connections: connections, clock: ours, observer: self, leases: leases,
            closure: { host in
                try self.read { world in
                    world.closed.contains(host) && !isBlind ? "\(host) is in maintenance" : nil
                }
            },
            replanner: { try await self.replan($0, $1, $2) })
    }

    /// The hosts are looked at now, and the plan comes when it is made.
    private func replan(
        _ goal: RunGoal, _ exclusions: [Exclusion], _ known: RunState
    ) async throws -> MigrationPlan {
        let (answer, pause) = try state.withLock { run in
            guard !run.isKilled else { throw VirtualRun.Killed() }
            return (
                run.replanner(goal, exclusions, known, run.world),
                run.lot.milliseconds(in: 1...3000)
            )
        }
        try await sleep(pause)
        guard let plan = answer.plan else {
            throw NoPlan(description: answer.reason ?? "no reason")
        }
        return plan
    }

    private struct NoPlan: Error, CustomStringConvertible {
        let description: String
    }

    // MARK: WorldHolder

    var clock: @Sendable () -> Timestamp { { self.state.withLock(\.world.now) } }

    func read<Value: Sendable>(
        _ look: @Sendable (SimulatedWorld) throws -> Value
    ) throws -> Value {
        try state.withLock { run in
            guard !run.isKilled else { throw VirtualRun.Killed() }
            return try look(run.world)
        }
    }

    func change<Value: Sendable>(
        _ body: @Sendable (inout SimulatedWorld) throws -> Value
    ) throws -> Value {
        try state.withLock { run in
            guard !run.isKilled else { throw VirtualRun.Killed() }
            defer {
                run.hasActed = true
                run.examine()
                run.tick()
            }
            return try body(&run.world)
        }
    }

    /// A change that is neither examined nor a moment to die at.
    func quietly<Value: Sendable>(
        _ body: @Sendable (inout SimulatedWorld) throws -> Value
    ) throws -> Value {
        try state.withLock { run in
            guard !run.isKilled else { throw VirtualRun.Killed() }
            return try body(&run.world)
        }
    }

    func waitForChange(atMost milliseconds: Int64) async throws {
        try await time.sleep(until: nil)
    }

    func sleep(_ milliseconds: Int64) async throws {
        let now = state.withLock(\.world.now)
        try await time.sleep(until: now.advanced(byMilliseconds: milliseconds))
    }

    func called(_ migration: Int) {
        state.withLock { run in
            run.calls.insert(migration)
            run.ours.insert(migration)
            let domain = run.world.migrations.first { $0.id == migration }?.domain
            if let domain { run.done(to: domain) }
            run.examine()
        }
    }

    func returned(_ migration: Int) {
        state.withLock { run in
            guard !run.isKilled else { return }
            run.calls.remove(migration)
            run.tick()
        }
    }

    /// Lets a call take its time. Throws when our process has died meanwhile.
    func takeTime(_ range: ClosedRange<Int64>) async throws {
        try await sleep(state.withLock { $0.lot.milliseconds(in: range) })
    }

    /// Does something to the run's record: its rules, its story, its lot.
    func note<Value: Sendable>(_ body: (inout sending VirtualRun) -> sending Value) -> Value {
        state.withLock { body(&$0) }
    }

    // MARK: RunJournal

    func open(_: MigrationPlan, at: Timestamp, process: Int32) -> RunID { RunID(1) }
    func records(of: RunID) -> [JournalRecord] { run.journal }
    func runs() -> [RunID] { [RunID(1)] }

    /// A record takes its time too: what is begun beside it may come first.
    func append(_ event: JournalEvent, to: RunID, at time: Timestamp) async throws {
        try await takeTime(0...3)
        try state.withLock { try $0.write(event, at: time) }
    }

    // MARK: RunObserver

    func observe(_ update: RunUpdate) {
        guard case .note(let words) = update else { return }
        state.withLock { $0.tell(words) }
    }
}

/// The machine under test, with a record of the events that it receives.
private struct WitnessedMachine: RunDeciding {
    private var machine: any RunDeciding
    private let process: VirtualProcess

    init(_ machine: any RunDeciding, process: VirtualProcess) {
        self.machine = machine
        self.process = process
    }

    var state: RunState { machine.state }

    mutating func handle(_ event: RunEvent, at time: Timestamp) -> [Directive] {
        let before = machine.state
        process.note { $0.noticed(event, of: before) }
        let directives = machine.handle(event, at: time)
        let after = machine.state
        process.note { run in
            run.known = after
            run.asks(directives)
        }
        return directives
    }

    func route(from source: HostName, to target: HostName) -> MigrationOptions.Route {
        machine.route(from: source, to: target)
    }
}
