import Actuation
import ClusterModel
import Execution
import HypervisorInterface
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
        _ mode: Step.Mode, _ hosts: [FakeHost], closed: [HostName] = [],
        keepers: [RunLeasesTests.Keeper] = [], wish: RunEvent? = nil
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
        var connections = Dictionary(uniqueKeysWithValues: hosts.map { ($0.host, $0.connection) })
        for keeper in keepers { connections[keeper.host]?.leases = keeper }
        let clock = WorldClock(
            now: { Timestamp(seconds: 2) }, sleep: { _ in await Task.yield() })
        let executor = RunExecutor(
            run: RunID(1), machine: RunMachine(state: state, recovering: false),
            journal: journal, connections: connections, clock: clock, observer: Nobody(),
            leases: RunLeases(
                connections, of: HostLeaseTests.ours, for: "run 1", clock: clock, tell: { _ in }),
            closure: { closed.contains($0) ? "\($0) is in maintenance" : nil }
        ) { _, _, _ in throw NoPlan() }
        if let wish {
            let source = hosts.first
            Task {
                while source?.now.deeds.isEmpty == true { await Task.yield() }
                executor.send(wish)
            }
        }
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

    /// What a host's QEMU wrote since the step began.
    private struct Log: GuestLog {
        var lines: [String]
        func lastLines(of guest: String, since begin: Timestamp) -> [String] {
            guest == "web" && begin == Timestamp(seconds: 2) ? lines : []
        }
    }

    @Test func theLastLinesOfBothLogsStandBesideAnError() async {
        let source = FakeHost("host1") { ($0.presence, $0.log) = (.running, Log(lines: [])) }
        let long = String(repeating: "x", count: 5000)
        let target = FakeHost("host2") { $0.log = Log(lines: ["qemu: bind failed", long]) }
        let (_, journal) = await run(.live, [source, target])
        let errors = journal.compactMap {
            if case .attemptFailed(_, _, let error) = $0 { error } else { nil }
        }
        #expect(errors.count == 1)
        #expect(errors[0].contains("it does not migrate"))
        #expect(errors[0].contains("QEMU's log on host2: qemu: bind failed / xxx"))
        #expect(!errors[0].contains("log on host1") && errors[0].utf8.count <= 1024)
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

    /// A run that another controller has overtaken starts nothing more.
    @Test func nothingBeginsWhereAnotherControllerWorks() async {
        for host in ["host1", "host2"] as [HostName] {
            let source = FakeHost("host1") { $0.presence = .running }
            let keeper = RunLeasesTests.Keeper(host)
            let other = HostLease(
                of: HostLeaseTests.others, purpose: "run 7", since: Timestamp(seconds: 1),
                renewedAt: Timestamp(seconds: 2))
            keeper.state.withLock { $0.lease = other }
            let (outcome, journal) = await run(
                .live, [source, FakeHost("host2")], keepers: [keeper])
            #expect(source.now.deeds.isEmpty)
            #expect(outcome.state == .failed)
            #expect(outcome.reason?.hasPrefix("another controller has begun: \(host)") == true)
            #expect(
                journal.contains { if case .stopping = $0 { true } else { false } }, "\(journal)")
        }
    }

    @Test func theLeasesAreGivenBackAtTheEnd() async {
        let keepers = ["host1", "host2"].map { RunLeasesTests.Keeper($0) }
        let source = FakeHost("host1") { $0.presence = .running }
        _ = await run(.live, [source, FakeHost("host2")], keepers: keepers)
        #expect(source.now.deeds == ["migrate"])
        #expect(keepers.allSatisfy { $0.lease() == nil })
    }

    /// Whatever works on a guest that is asked to shut down, it is no migration of ours.
    @Test func noJobIsEndedForAColdMove() async {
        let source = FakeHost("host1") {
            ($0.presence, $0.goesDownAfter) = (.running, 3)
            $0.waitsForShutdown = true
        }
        let (outcome, _) = await run(
            .offline, [source, FakeHost("host2")], wish: .abort(reason: "a person aborts"))
        #expect(outcome.state == .failed)
        #expect(!source.now.deeds.contains("abort"), "\(source.now.deeds)")
        #expect(source.now.deeds.contains("shut down"))
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
