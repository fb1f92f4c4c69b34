import ClusterModel
import Execution
import Persistence
import PlacementPolicy
import Simulation
import Synchronization
import Testing

@testable import Operations

/// Rolling reboots of a simulated fleet, by the executor that ships.
struct RebootTests {
    static let hosts: [HostName] = ["host1", "host2", "host3"]

    // MARK: The whole way

    @Test(arguments: RebootRequest.Homecoming.allCases)
    func eachHostIsRebootedOnceAndNoGuestGoesDown(
        homecoming: RebootRequest.Homecoming
    ) async throws {
        let ground = try await RebootGround()
        let before = try await placement(ground)
        let (report, exit) = try await ground.begin(ground.wishes(homecoming: homecoming))
        #expect(exit == .done, "\(report)")
        #expect(report.line == "3 of 3 hosts done")
        #expect(ground.commands.reboots.sorted() == Self.hosts)
        try await ground.expectAllWell()
        #expect(try await ground.maintenance == [])
        if homecoming != .never { #expect(try await placement(ground) == before) }
        // Nothing is left that would keep anybody from the next thing.
        let drain = try await ground.ground.operation().carryOut(
            .drain(["host1"], bestEffort: false)
        ) { _ in false }
        guard case .declined = drain else {
            Issue.record("\(drain)")
            return
        }
    }

    private func placement(_ ground: RebootGround) async throws -> [DomainID: [HostName]] {
        let world = try await ground.simulated.present()
        let all = world.hosts.flatMap(\.domains).filter(\.isActive).map(\.id)
        return Dictionary(firstOf: all.map { ($0, world.holders(of: $0)) })
    }

    @Test func guestsThatStayMoveSeldomerThanThoseThatReturn() async throws {
        var moves: [RebootRequest.Homecoming: Int] = [:]
        for homecoming in RebootRequest.Homecoming.allCases {
            let ground = try await RebootGround()
            _ = try await ground.begin(ground.wishes(homecoming: homecoming))
            moves[homecoming] = ground.words.count { $0 == "arrived" }
        }
        let (always, never) = (moves[.always] ?? 0, moves[.never] ?? 0)
        #expect(never >= 6 && never < always && always == 12, "\(moves)")
    }

    @Test func aPersonIsWaitedForWhoRebootsByHand() async throws {
        let ground = try await RebootGround()
        let simulated = ground.simulated
        // Longer than a host may be away.
        ground.commands.whenAsked.withLock {
            $0 = { host, count in
                guard count == 400 else { return }
                try? await simulated.inject(.hostReboot(host, downMilliseconds: 5000))
            }
        }
        let (report, exit) = try await ground.begin(ground.wishes(["host2"], command: nil))
        #expect(exit == .done, "\(report)")
        let started = try #require(report.startedAt)
        #expect(ground.ground.observer.now().millisecondsSince(started) > 600_000)
        #expect(ground.words.contains { $0.hasPrefix("note: reboot host2 now") })
        #expect(ground.words.contains { $0.contains("host2 waits for its reboot by hand") })
        try await ground.expectAllWell()
    }

    // MARK: Killed

    /// Killed once after each record, and taken up.
    @Test func killedAfterAnyRecordItGoesOn() async throws {
        for instant in 0..<40 {
            let ground = try await RebootGround()
            let seen = Mutex((count: 0, last: RebootEvent?.none))
            let service = try ground.service(killedAfter: { event in
                let isNow = seen.withLock { seen in
                    seen.count += 1
                    if seen.count - 1 == instant { seen.last = event }
                    return seen.count - 1 == instant
                }
                if isNow { throw RebootGround.Killed() }
            })
            do {
                let (_, exit) = try await ground.begin(by: service)
                #expect(exit == .done && instant > 9)
                return
            } catch is RebootGround.Killed {
                let last = seen.withLock(\.last)
                try await goOn(ground, after: "\(String(describing: last))")
            }
        }
        Issue.record("it never came to its end")
    }

    private func goOn(_ ground: RebootGround, after story: String) async throws {
        // Its last record is its end.
        if story.contains("RebootEvent.ended") { return }
        let refused = await #expect(throws: CommandError.self) {
            _ = try await ground.ground.operation().carryOut(
                .drain(["host1"], bestEffort: false)
            ) { _ in true }
        }
        #expect(refused?.exit == .halted, "\(story): something else was let in")
        var (report, exit) = try await ground.takeUp()
        if story.contains("rebooting("), exit != .done {
            // Between the record and the command: a person says whether it was started.
            #expect(exit == .halted && report.reason?.contains("how it ended is unknown") == true)
            try await ground.expectAllWell(story)
            (report, exit) = try await ground.takeUp(runsAgain: true)
        }
        #expect(exit == .done, "\(story): \(report)")
        #expect(ground.commands.reboots.sorted() == Self.hosts, "\(story)")
        #expect(try await ground.maintenance == [], "\(story)")
        try await ground.expectAllWell(story)
    }

    /// Each process writes one record and dies.
    @Test func killedAfterEveryRecordItComesToItsEnd() async throws {
        let ground = try await RebootGround()
        let service = try ground.service(killedAfter: { event in
            // The command is started before the next record, and what one process saw of a host's
            // emptiness the next one looks at again.
            switch event {
            case .rebooting, .emptied: return
            default: throw RebootGround.Killed()
            }
        })
        _ = try? await ground.begin(by: service)
        for _ in 0..<60 {
            let run = try #require(try await ground.journal.reboots().first)
            if try await ground.journal.rebootState(of: run).outcome != nil { break }
            _ = try? await ground.takeUp(by: service)
        }
        let run = try #require(try await ground.journal.reboots().first)
        let state = try await ground.journal.rebootState(of: run)
        #expect(state.outcome?.state == .done, "\(state)")
        #expect(ground.commands.reboots.sorted() == Self.hosts)
        try await ground.expectAllWell()
    }

    @Test func aDrainThatWasKilledComesFirst() async throws {
        let ground = try await RebootGround()
        let service = try ground.service(killedAfter: { event in
            if case .roundBegan = event { throw RebootGround.Killed() }
        })
        await #expect(throws: RebootGround.Killed.self) { try await ground.begin(by: service) }
        let run = try #require(try await ground.journal.reboots().first)
        let host = try #require(
            try await ground.journal.rebootState(of: run).round?.names.first)
        // As a process leaves it that dies with the first record of its drain.
        let plan = try await ground.plans().plan(.drain([host], bestEffort: false))
        let drain = try await ground.journal.open(
            plan, at: ground.ground.observer.now(), process: 1, for: run)
        #expect(try await ground.journal.rebootState(of: run).runs == [drain])
        let (report, exit) = try await ground.takeUp()
        #expect(exit == .done, "\(report)")
        #expect(try await ground.journal.state(of: drain).outcome?.state == .done)
        #expect(report.rounds.first?.runs.first == drain)
        try await ground.expectAllWell()
    }

    @Test func theCommandOfAProcessThatWasKilledIsWaitedFor() async throws {
        let ground = try await RebootGround()
        let commands = ground.commands
        let service = try ground.service(killedAfter: { event in
            if case .commandEnded = event { throw RebootGround.Killed() }
        })
        await #expect(throws: RebootGround.Killed.self) {
            try await ground.begin(ground.wishes(["host1"]), by: service)
        }
        let run = try #require(try await ground.journal.reboots().first)
        // It may reboot the host a second time.
        commands.keepRunning(service.log(of: run, "host1"), true)
        let (report, exit) = try await ground.takeUp()
        #expect(exit == .halted, "\(report)")
        #expect(report.reason?.contains("its command still runs") == true, "\(report)")
        #expect(try await ground.maintenance == ["host1"])
        // What was rebooted is not told again, whoever asks for that.
        #expect(try await ground.takeUp(runsAgain: true).exit == .halted)
        commands.keepRunning(service.log(of: run, "host1"), false)
        #expect(try await ground.takeUp().exit == .done)
        #expect(commands.reboots == ["host1"])
    }

    // MARK: Stopped

    @Test func whoeverStopsItFindsNothingMoreBegun() async throws {
        let ground = try await RebootGround()
        let service = try ground.service()
        let plans = try await ground.plans()
        let stopper = Stopper(next: ground.ground.listener, at: "is rebooting")
        let stopped = try RebootService(
            ground.ground.observer.told(by: stopper), ground.ground.policies, CommandFlags(),
            commands: ground.commands, minuteOfDay: { _ in 0 })
        let result = try await stopped.begin(ground.wishes(), plans, isShownOnly: false) { _ in
            true
        }
        guard case .ended(let report, let exit) = result else {
            Issue.record("\(result)")
            return
        }
        #expect(exit == .failed && report.reason == "stopped by a test", "\(report)")
        #expect(ground.commands.reboots.count <= 1)
        #expect(try await ground.takeUp(by: service).exit == .done)
        #expect(ground.commands.reboots.sorted() == Self.hosts)
        try await ground.expectAllWell()
    }

    private final class Stopper: ProgressObserver {
        private let next: any ProgressObserver
        private let word: String
        private let control = Mutex<RunControl?>(nil)

        init(next: any ProgressObserver, at word: String) {
            self.next = next
            self.word = word
        }

        func observe(_ event: ProgressEvent) async {
            if case .rebootBegins(_, let control) = event {
                self.control.withLock { $0 = control }
            }
            if case .reboot(_, let state) = event,
                state.line(at: Timestamp(seconds: 0)).contains(word)
            {
                control.withLock(\.self)?.stop(because: "stopped by a test")
            }
            await next.observe(event)
        }
    }

    @Test func anAbortLeavesHostsAsTheyAre() async throws {
        let ground = try await RebootGround()
        let service = try ground.service(killedAfter: { event in
            if case .emptied = event { throw RebootGround.Killed() }
        })
        await #expect(throws: RebootGround.Killed.self) { try await ground.begin(by: service) }
        let run = try #require(try await ground.journal.reboots().first)
        let report = try #require(try await ground.service().abort(run))
        #expect(report.state == "failed" && report.reason == "aborted")
        #expect(ground.commands.reboots == [])
        #expect(try await ground.maintenance == ["host1"])
        // Nothing waits for a person any more.
        _ = try await ground.ground.operation().carryOut(
            .drain(["host3"], bestEffort: false)
        ) { _ in false }
    }
}
