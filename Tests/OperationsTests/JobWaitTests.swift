import ClusterModel
import Execution
import Foundation
import HypervisorInterface
import Persistence
import Simulation
import Synchronization
import Telemetry
import Testing

@testable import Operations

/// Jobs of others on guests, as the hosts tell of them, until a time.
final class OthersJobs: Sendable {
    private struct State {
        var until: [String: Timestamp] = [:]
        var lasting: [String: Blocker] = [:]
    }

    static let begun = Timestamp(seconds: 1_699_999_000)
    private let state = Mutex(State())
    let now: @Sendable () -> Timestamp

    init(now: @escaping @Sendable () -> Timestamp) { self.now = now }

    func begin(on guest: String, until time: Timestamp) {
        state.withLock { $0.until[guest] = time }
    }

    func keep(_ guest: String, by blocker: Blocker) {
        state.withLock { $0.lasting[guest] = blocker }
    }

    func blockers(of guest: String) -> [Blocker] {
        let (until, lasting) = state.withLock { ($0.until[guest], $0.lasting[guest]) }
        var found = lasting.map { [$0] } ?? []
        if let until, now() < until {
            found.append(
                Blocker(
                    domain: guest, reason: .blockJob, detail: "disk vda: a backup is 5 % done",
                    remedy: "wait for it", job: PassingJob(.backup, since: Self.begun)))
        }
        return found
    }

    /// A host that tells of them.
    struct Inspector: HostInspector, StepInspector {
        let real: any HostInspector & StepInspector
        let jobs: OthersJobs
        var host: HostName { real.host }

        func inventory() async throws -> HostInventory {
            var inventory = try await real.inventory()
            for index in inventory.domains.indices {
                inventory.domains[index].blockers += jobs.blockers(
                    of: inventory.domains[index].name)
            }
            return inventory
        }

        func needs(of domain: DomainID) async throws -> StepNeeds {
            try await real.needs(of: domain)
        }
        func lacks(_ needs: StepNeeds) async throws -> [String] { try await real.lacks(needs) }
        func sample() async throws -> RawHostSample { try await real.sample() }
        func guests() async throws -> [String] { try await real.guests() }
        func sighting(of domain: DomainID) async throws -> DomainSighting {
            try await real.sighting(of: domain)
        }
        func migrationProgress(of domain: DomainID) async throws -> MigrationProgress? {
            try await real.migrationProgress(of: domain)
        }
        func compare(_ guestCPUs: [String: String]) async throws -> [CPUAnswer] {
            try await real.compare(guestCPUs)
        }
    }
}

/// `--wait-for-jobs`: what ends by itself is waited for, what lasts is not.
struct JobWaitTests {
    private func guests(on host: HostName, _ ground: GoalOperationTests.Ground) async throws
        -> [String]
    {
        let world = try await ground.simulated.present()
        return try #require(world.host(host)).domains.filter(\.isActive).map(\.facts.name)
    }

    private func notes(_ ground: GoalOperationTests.Ground) -> [String] {
        ground.listener.words.filter { $0.hasPrefix("note: ") }
    }

    @Test func theDrainBeginsWhenTheBackupHasEnded() async throws {
        let ground = GoalOperationTests.Ground()
        let guest = try #require(try await guests(on: "host1", ground).first)
        let start = ground.observer.now()
        let end = start.advanced(byMilliseconds: 95_000)
        ground.jobs.begin(on: guest, until: end)
        let result = try await ground.operation().carryOut(
            .drain(["host1"], bestEffort: false), waitingForJobs: 1800
        ) {
            #expect($0.outcome == .plan)
            let late = ground.observer.now().millisecondsSince(end)
            // A look every ten seconds, then the guests' dirty rates are measured.
            #expect((0...30_000).contains(late), "\(late) ms")
            return true
        }
        guard case .ended(let ending) = result else {
            Issue.record("it did not run: \(result), \(ground.listener.words)")
            return
        }
        #expect(ending.exit == .done, "\(ending.report)")
        #expect(
            notes(ground) == [
                "note: \(guest): a backup has been running since \(OthersJobs.begun), waiting up "
                    + "to 30 min",
                "note: the jobs of \(guest) are over",
            ])
        #expect(try await guests(on: "host1", ground) == [])
    }

    @Test func afterTheTimeTheGuestIsABlockerAsEver() async throws {
        let ground = GoalOperationTests.Ground()
        let guest = try #require(try await guests(on: "host1", ground).first)
        let start = ground.observer.now()
        ground.jobs.begin(on: guest, until: start.advanced(byMilliseconds: 86_400_000))
        let result = try await ground.operation().carryOut(
            .drain(["host1"], bestEffort: false), waitingForJobs: 60
        ) { _ in true }
        guard case .shown(let plan) = result else {
            Issue.record("it did something: \(result)")
            return
        }
        #expect(plan.outcome == .infeasible)
        #expect(plan.blockers.map(\.domain) == [guest])
        #expect(plan.blockers.first?.job?.kind == .backup)
        let took = ground.observer.now().millisecondsSince(start)
        #expect((60_000...90_000).contains(took), "\(took) ms")
        #expect(notes(ground).last?.hasSuffix("and the 1 min to wait are over") == true)
        #expect(try await ground.observer.stores.journal().runs().isEmpty)
    }

    @Test func withoutTheOptionItIsRefusedAtOnce() async throws {
        let ground = GoalOperationTests.Ground()
        let guest = try #require(try await guests(on: "host1", ground).first)
        ground.jobs.begin(
            on: guest, until: ground.observer.now().advanced(byMilliseconds: 20_000))
        let result = try await ground.operation().carryOut(
            .drain(["host1"], bestEffort: false)
        ) { _ in true }
        guard case .shown(let plan) = result else {
            Issue.record("it did something: \(result)")
            return
        }
        #expect(plan.outcome == .infeasible && notes(ground) == [])
    }

    /// Waiting would be vain: another guest stays whatever ends.
    @Test func nothingIsWaitedForWhereSomethingElseStays() async throws {
        let ground = GoalOperationTests.Ground()
        let names = try await guests(on: "host1", ground)
        try #require(names.count > 1)
        let start = ground.observer.now()
        ground.jobs.begin(on: names[0], until: start.advanced(byMilliseconds: 60_000))
        ground.jobs.keep(
            names[1],
            by: Blocker(domain: names[1], reason: .hostDevice, detail: "pci", remedy: "detach it"))
        let refused = try await ground.operation().carryOut(
            .drain(["host1"], bestEffort: false), waitingForJobs: 600
        ) { _ in true }
        guard case .shown(let plan) = refused, plan.outcome == .infeasible else {
            Issue.record("it did something: \(refused)")
            return
        }
        #expect(notes(ground) == [])
        // With --best-effort the other one stays anyway, and the backup is waited for.
        let result = try await ground.operation().carryOut(
            .drain(["host1"], bestEffort: true), waitingForJobs: 600
        ) { plan in
            #expect(plan.blockers.map(\.domain) == [names[1]])
            return false
        }
        guard case .declined = result else {
            Issue.record("\(result)")
            return
        }
        #expect(notes(ground).count == 2, "\(notes(ground))")
    }

    @Test func whoeverStopsTheWaitingFindsNothingDone() async throws {
        let ground = GoalOperationTests.Ground()
        let guest = try #require(try await guests(on: "host1", ground).first)
        let start = ground.observer.now()
        ground.jobs.begin(on: guest, until: start.advanced(byMilliseconds: 86_400_000))
        ground.listener.stopsWaiting.withLock { $0 = true }
        let operation = try await ground.operation()
        let error = await #expect(throws: CommandError.self) {
            _ = try await operation.carryOut(
                .drain(["host1"], bestEffort: false), waitingForJobs: 7200
            ) { _ in true }
        }
        #expect(error?.exit == .failed)
        #expect(error?.message == "stopped by a test while jobs were waited for: nothing was done")
        #expect(ground.observer.now().millisecondsSince(start) < 30_000)
        #expect(ground.listener.words.last == "waits no more")
        #expect(try await ground.observer.stores.journal().runs().isEmpty)
        #expect(try await MaintenanceService(ground.observer).entries().isEmpty)
        // Nobody holds the fleet any more.
        let result = try await ground.operation().carryOut(
            .drain(["host2"], bestEffort: false)
        ) { _ in false }
        guard case .declined = result else {
            Issue.record("\(result)")
            return
        }
    }

    @Test func aRollingRebootWaitsAtItsBeginningAndBeforeADrain() async throws {
        let reboot = try await RebootGround()
        let guest = try #require(try await guests(on: "host1", reboot.ground).first)
        let (jobs, now) = (reboot.ground.jobs, reboot.ground.observer.now)
        jobs.begin(on: guest, until: now().advanced(byMilliseconds: 40_000))
        var wishes = reboot.wishes()
        wishes.jobSeconds = 3600
        // Once the first round is over, a backup of everybody begins.
        let everybody = try await reboot.simulated.present().hosts.flatMap(\.domains)
            .filter(\.isActive).map(\.facts.name)
        let service = try reboot.service(killedAfter: { event in
            guard case .roundEnded = event else { return }
            let end = now().advanced(byMilliseconds: 45_000)
            for name in everybody { jobs.begin(on: name, until: end) }
        })
        let (report, exit) = try await reboot.begin(wishes, by: service)
        #expect(exit == .done, "\(report)")
        let waited = reboot.words.filter { $0.contains("waiting up to 1 h") }
        #expect(waited.count >= 2, "\(reboot.words)")
        try await reboot.expectAllWell()
    }

    @Test func oneLineNamesAFewAndCountsTheRest() {
        let blockers = (1...6).map { number in
            Blocker(
                domain: "web\(number)", reason: .busy, detail: "a dump is under way",
                remedy: "wait", job: PassingJob(.dump))
        }
        #expect(
            JobWait.words(blockers)
                == "web1: a dump is under way; web2: a dump is under way; web3: a dump is under "
                + "way; web4: a dump is under way; and 2 more")
        // One that something else keeps as well is not kept by its job alone.
        let both =
            blockers + [
                Blocker(domain: "web1", reason: .tpm, detail: "passthrough", remedy: "none")
            ]
        #expect(both.onlyJobs == ["web2", "web3", "web4", "web5", "web6"])
        #expect(both.awaited(bestEffort: false).isEmpty)
        #expect(both.awaited(bestEffort: true).count == 5)
    }
}
