import Actuation
import ClusterModel
import Execution
import Synchronization
import TestSupport
import Testing

/// A journal that takes no more: what it did not take must not be told as a fact.
struct BrokenJournalTests {
    @Test func whatIsNotWrittenIsNotTold() async throws {
        let plan = MigrationPlan.ofOneStep
        let events: [JournalEvent] = [
            .taken(process: 1, goal: .forward), .planned(plan, goal: .forward),
        ]
        let records = events.enumerated().map {
            JournalRecord(sequence: $0 + 1, at: Timestamp(seconds: 1), event: $1)
        }
        let state = RunState(plan: plan, records: records)
        // Neither host can be asked, so that the step is given up, which cannot be written.
        let executor = RunExecutor(
            run: RunID(1), machine: RunMachine(state: state, recovering: false),
            journal: FullJournal(), connections: [:],
            clock: WorldClock(now: { Timestamp(seconds: 2) }, sleep: { _ in }), observer: Nobody(),
            closure: { _ in nil }
        ) { _, _, _ in plan }
        let outcome = await executor.execute()
        #expect(outcome.state == .halted)
        #expect(outcome.reason?.contains("runs resume 1") == true)
        #expect(await executor.state == state)
    }

    /// Nobody would end it: the guest rewrites its memory faster than the link is.
    @Test func aMigrationThatDoesNotEndIsStillStoppedInTime() async throws {
        var plan = MigrationPlan.ofOneStep
        plan.options.timeoutSeconds = 60
        plan.options.whenStuck = .wait
        let (run, source, _) = cutOffRun(plan)
        // Its stop cannot be written any more.
        let person = tell(run, [.stop(reason: "asked")], onceItMigrates: source)
        #expect(await run.execute().state == .halted)
        await person.value
        // It is told again until the migration has ended.
        #expect(source.now.deeds.first == "migrate")
        #expect(Set(source.now.deeds) == ["migrate", "abort"])
    }

    @Test func whoeverStopsItTwiceDoesNotWait() async throws {
        let (run, source, time) = cutOffRun(.ofOneStep)
        let person = tell(
            run, [.stop(reason: "asked"), .abort(reason: "asked twice")], onceItMigrates: source)
        #expect(await run.execute().state == .halted)
        await person.value
        #expect(source.now.deeds == ["migrate", "abort"])
        // Long before its time limit.
        #expect(time.withLock(\.self) < 3_600_000)
    }

    private func tell(
        _ run: RunExecutor, _ wishes: [RunEvent], onceItMigrates source: FakeHost
    ) -> Task<Void, Never> {
        Task {
            while !source.now.deeds.contains("migrate") { await Task.yield() }
            for wish in wishes { run.send(wish) }
        }
    }

    /// A run of one migration that does not end, with a journal that takes its intent and nothing
    /// more.
    private func cutOffRun(
        _ plan: MigrationPlan
    ) -> (RunExecutor, source: FakeHost, time: Time) {
        var state = RunState(plan: plan)
        for event in [
            JournalEvent.taken(process: 1, goal: .forward), .planned(plan, goal: .forward),
        ] { state.apply(event, at: Timestamp(seconds: 1)) }
        let source = FakeHost("host1") {
            ($0.presence, $0.migratesUntilAborted) = (.running, true)
        }
        let hosts = [source, FakeHost("host2")]
        let time = Time(0)
        let clock = WorldClock(
            now: { Timestamp(seconds: 2) },
            steady: { Timestamp(milliseconds: time.withLock(\.self)) },
            sleep: { pause in
                try Task.checkCancellation()
                time.withLock { $0 += pause }
                // Slow enough that hours cannot pass before the person is heard.
                try await Task.sleep(for: .milliseconds(1))
            })
        let run = RunExecutor(
            run: RunID(1), machine: RunMachine(state: state, recovering: false),
            journal: SmallJournal(),
            connections: Dictionary(uniqueKeysWithValues: hosts.map { ($0.host, $0.connection) }),
            clock: clock, observer: Nobody(), closure: { _ in nil }
        ) { _, _, _ in plan }
        return (run, source, time)
    }

    /// Milliseconds that were slept.
    private final class Time: Sendable {
        private let milliseconds: Mutex<Int64>
        init(_ start: Int64) { milliseconds = Mutex(start) }
        func withLock<Value>(_ body: (inout sending Int64) -> sending Value) -> Value {
            milliseconds.withLock { body(&$0) }
        }
    }

    /// Has room for an intent.
    private struct SmallJournal: RunJournal {
        func open(_: MigrationPlan, at: Timestamp, process: Int32) throws -> RunID { RunID(1) }
        func append(_ event: JournalEvent, to: RunID, at: Timestamp) throws {
            guard case .intent = event else { throw FullJournal.IsFull() }
        }
        func records(of: RunID) -> [JournalRecord] { [] }
        func runs() -> [RunID] { [] }
    }

    /// Takes nothing.
    private struct FullJournal: RunJournal {
        struct IsFull: Error {}
        func open(_: MigrationPlan, at: Timestamp, process: Int32) throws -> RunID {
            throw IsFull()
        }
        func append(_: JournalEvent, to: RunID, at: Timestamp) throws { throw IsFull() }
        func records(of: RunID) -> [JournalRecord] { [] }
        func runs() -> [RunID] { [] }
    }

    private struct Nobody: RunObserver {
        func observe(_: RunUpdate) {}
    }
}
