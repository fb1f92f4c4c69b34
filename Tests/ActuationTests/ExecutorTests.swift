import Actuation
import ClusterModel
import Execution
import Synchronization
import TestSupport
import Testing

/// The executor on hosts that do what a test says.
struct ExecutorTests {
    private static func image(_ path: String) -> DiskImage {
        DiskImage(
            disk: "vda", path: path, pool: "local", volume: "a", format: "qcow2", capacity: 1,
            length: 1, allocation: 1)
    }

    /// Runs a plan of one step from host1 to host2; what is left cannot be planned.
    private func run(
        _ mode: Step.Mode, _ hosts: [FakeHost], closed: [HostName] = []
    ) async -> (outcome: RunOutcome, journal: [JournalEvent]) {
        var plan = MigrationPlan.ofOneStep
        plan.steps[0].mode = mode
        plan.options.attempts = 1
        let facts = [
            JournalEvent.taken(process: 1, goal: .forward), .planned(plan, goal: .forward),
        ]
        var state = RunState(plan: plan)
        for event in facts { state.apply(event, at: Timestamp(seconds: 1)) }
        let journal = ListJournal()
        let executor = RunExecutor(
            run: RunID(1), machine: RunMachine(state: state, recovering: false),
            journal: journal,
            connections: Dictionary(uniqueKeysWithValues: hosts.map { ($0.host, $0.connection) }),
            clock: WorldClock(
                now: { Timestamp(seconds: 2) }, sleep: { _ in await Task.yield() }),
            observer: Nobody(),
            closure: { closed.contains($0) ? "\($0) is in maintenance" : nil }
        ) { _, _, _ in throw NoPlan() }
        let outcome = await executor.execute()
        return (outcome, journal.events.withLock(\.self))
    }

    @Test func aGuestThatGoesDownLateIsStartedWhereItWas() async {
        let source = FakeHost("host1") { ($0.presence, $0.goesDownAfter) = (.running, 3) }
        let (outcome, journal) = await run(.offline, [source, FakeHost("host2")])
        #expect(outcome.state == .failed)
        #expect(source.now.deeds == ["shut down", "start"])
        #expect(source.now.presence == .running)
        #expect(journal.contains(.askedToShutDown(1)) && journal.contains(.upAgain(1)))
    }

    @Test func aHostThatIsSilentKeepsNobodyDown() async {
        let source = FakeHost("host1") {
            ($0.presence, $0.goesDownAfter, $0.cause) = (.running, 3, .intent)
        }
        let silent = FakeHost("host3") { $0.isSilent = true }
        let (outcome, journal) = await run(.offline, [source, FakeHost("host2"), silent])
        #expect(outcome.state == .failed)
        #expect(source.now.deeds == ["shut down", "start"])
        #expect(source.now.presence == .running)
        let prepared = journal.compactMap {
            if case .preparing(_, let preparation) = $0 { preparation.unreachable } else { nil }
        }
        #expect(prepared == [["host3"]])
    }

    @Test func whoIsOffForAnotherReasonIsNotMoved() async {
        for cause in [DomainSighting.Cause.left, .unknown] {
            let source = FakeHost("host1") {
                ($0.presence, $0.obeys, $0.cause) = (.running, true, cause)
            }
            let (_, journal) = await run(.offline, [source, FakeHost("host2")])
            #expect(!source.now.deeds.contains("migrate"))
            let errors = journal.compactMap {
                if case .attemptFailed(_, _, let error) = $0 { error } else { nil }
            }
            // Of one that was migrated away nobody says that the attempt is over.
            #expect(errors.isEmpty == (cause == .left))
        }
        let source = FakeHost("host1") {
            ($0.presence, $0.obeys, $0.cause) = (.running, true, .intent)
        }
        _ = await run(.offline, [source, FakeHost("host2")])
        #expect(source.now.deeds.contains("migrate"))
    }

    @Test func onlyWhatWasMadeIsRemoved() async {
        let paths = ["/local/a", "/local/b"]
        let source = FakeHost("host1") {
            $0.presence = .running
            $0.images = paths.map { Self.image($0) }
        }
        let target = FakeHost("host2") { $0.taken = ["/local/b"] }
        let (_, journal) = await run(.storage, [source, target])
        #expect(journal.contains(.made(1, path: "/local/a")))
        #expect(!journal.contains(.made(1, path: "/local/b")))
        #expect(target.now.deeds == ["remove /local/a"])
        #expect(source.now.deeds.isEmpty)
    }

    @Test func nothingBeginsThatGoesToAHostInMaintenance() async {
        let source = FakeHost("host1") { $0.presence = .running }
        let hosts = [source, FakeHost("host2")]
        let (outcome, journal) = await run(.live, hosts, closed: ["host2"])
        #expect(outcome.state == .failed)
        #expect(source.now.deeds.isEmpty)
        #expect(
            journal.contains(
                .attemptFailed(
                    1, attempt: 1, error: "it was not started: host2 is in maintenance")))
        let (_, other) = await run(.live, hosts)
        #expect(source.now.deeds == ["migrate"])
        #expect(other.contains { if case .attemptFailed = $0 { true } else { false } })
    }

    @Test func theDrainedHostIsAskedWhoIsThere() async {
        let source = FakeHost("host1") {
            $0.presence = .inactive
            $0.guests = ["newcomer"]
        }
        // Its owner shut it down: there is nothing to move, and the run would be done.
        let (outcome, _) = await run(.live, [source, FakeHost("host2")])
        #expect(
            outcome
                == RunOutcome(
                    .failed,
                    reason: "host1 is not empty: 'newcomer' runs there; the rest could not be "
                        + "planned: NoPlan()"))
    }

    private struct NoPlan: Error {}

    private struct Nobody: RunObserver {
        func observe(_: RunUpdate) {}
    }

    private final class ListJournal: RunJournal {
        let events = Mutex<[JournalEvent]>([])
        func open(_: MigrationPlan, at: Timestamp, process: Int32) throws -> RunID { RunID(1) }
        func append(_ event: JournalEvent, to: RunID, at: Timestamp) {
            events.withLock { $0.append(event) }
        }
        func records(of: RunID) -> [JournalRecord] { [] }
        func runs() -> [RunID] { [] }
    }
}
