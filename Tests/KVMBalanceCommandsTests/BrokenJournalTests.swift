import Actuation
import ClusterModel
import Execution
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
            journal: FullJournal(), doors: [:],
            clock: WorldClock(now: { Timestamp(seconds: 2) }, sleep: { _ in }), observer: Nobody(),
            closure: { _ in nil }
        ) { _, _, _ in plan }
        let outcome = await executor.execute()
        #expect(outcome.state == .halted)
        #expect(outcome.reason?.contains("runs resume 1") == true)
        #expect(await executor.state == state)
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
