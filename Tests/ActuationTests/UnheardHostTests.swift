import Actuation
import ClusterModel
import Execution
import Synchronization
import TestSupport
import Testing

/// A host that does not answer keeps a run waiting for minutes.
struct UnheardHostTests {
    @Test func whoeverWaitsIsToldOnceForWhom() async throws {
        let plan = MigrationPlan.ofOneStep
        var state = RunState(plan: plan)
        for event in [
            JournalEvent.taken(process: 1, goal: .forward), .planned(plan, goal: .forward),
            .intent(1, attempt: 1, persistent: true, autostart: false),
        ] { state.apply(event, at: Timestamp(seconds: 1)) }
        let listener = Listener()
        // Hosts that are not in the fleet file cannot be asked.
        let executor = RunExecutor(
            run: RunID(1), machine: RunMachine(state: state, recovering: true),
            journal: PatientJournal(), connections: [:],
            clock: WorldClock(now: { Timestamp(seconds: 2) }, sleep: { _ in }), observer: listener,
            closure: { _ in nil }
        ) { _, _, _ in plan }
        #expect(await executor.execute().state == .halted)
        #expect(
            listener.notes.withLock(\.self)
                == ["host1", "host2"].map {
                    "\($0) does not respond, retrying: \($0) is not in the fleet file"
                })
    }

    private struct PatientJournal: RunJournal {
        func open(_: MigrationPlan, at: Timestamp, process: Int32) throws -> RunID { RunID(1) }
        func append(_: JournalEvent, to: RunID, at: Timestamp) throws {}
        func records(of: RunID) -> [JournalRecord] { [] }
        func runs() -> [RunID] { [] }
    }

    private final class Listener: RunObserver {
        let notes = Mutex<[String]>([])
        func observe(_ update: RunUpdate) {
            if case .note(let text) = update { notes.withLock { $0.append(text) } }
        }
    }
}
