import ClusterModel
import Execution
import Foundation
import Persistence
import Simulation
import Testing

@testable import Operations

/// What a run answers for beyond its steps, seen from the operation that carries it out.
struct RunPromiseTests {
    typealias Ground = GoalOperationTests.Ground

    private func guest(_ ground: Ground, on host: HostName) async throws -> SimulatedDomain {
        let world = try await ground.simulated.present()
        return try #require(world.host(host)?.domains.first { $0.isActive })
    }

    private func plan(
        _ kind: MigrationPlan.Kind, _ guest: SimulatedDomain, from source: HostName,
        to target: HostName, hosts: [HostName]
    ) -> MigrationPlan {
        MigrationPlan(
            kind: kind, hosts: hosts, outcome: .plan,
            origin: .init(digest: "", observedAt: Timestamp(seconds: 1_700_000_000)),
            steps: [
                Step(
                    id: 1, domainName: guest.facts.name,
                    move: Move(domain: guest.id, source: source, target: target), mode: .offline)
            ])
    }

    // MARK: Newcomers

    @Test func aGuestThatIsStartedOnADrainedHostLeavesItToo() async throws {
        let ground = Ground()
        let late = try await guest(ground, on: "host1")
        try await ground.simulated.inject(.guestShutDown(late.id))
        let result = try await ground.operation().carryOut(.drain(["host1"], bestEffort: false)) {
            plan in
            #expect(!plan.moves.contains { $0.domain == late.id })
            // Between the plan and the run, as an HA manager would.
            try await ground.simulated.inject(.guestStarted(late.id))
            return true
        }
        guard case .ended(let ending) = result else {
            Issue.record("it did not run: \(result)")
            return
        }
        #expect(ending.exit == .done, "\(ending.report)")
        let world = try await ground.simulated.present()
        #expect(world.host("host1")?.domains.contains { $0.isActive } == false)
        #expect(world.holders(of: late.id).count == 1)
        #expect(ending.report.steps.last?.uuid == late.id)
    }

    // MARK: Guests that were asked to shut down

    /// A run that asked this guest, in vain as it seemed, and has ended.
    private func ask(_ guest: SimulatedDomain, _ ground: Ground) async throws {
        let journal = try ground.observer.stores.journal()
        let plan = plan(.drain, guest, from: "host1", to: "host2", hosts: ["host1"])
        let run = try await journal.open(plan, at: ground.observer.now(), process: 1)
        for event in [
            JournalEvent.preparing(1, StepPreparation(wasRunning: true)),
            .intent(1, attempt: 1, persistent: true, autostart: false), .askedToShutDown(1),
            .attemptFailed(1, attempt: 1, error: "it did not shut down"),
            .failed(1, error: "it did not shut down"),
            .ended(RunOutcome(.failed, reason: "it may still shut down")),
        ] { try await journal.append(event, to: run, at: ground.observer.now()) }
    }

    @Test func whatWentDownWhenNobodyWatchedIsNotTakenForOff() async throws {
        let ground = Ground()
        let late = try await guest(ground, on: "host1")
        try await ask(late, ground)
        let journal = try ground.observer.stores.journal()
        #expect(try await journal.runsThatAsked().map(\.run) == [1])
        // As long as it is up nothing waits for it.
        _ = try await ground.operation().carryOut(.drain(["host3"], bestEffort: false)) { _ in
            false
        }
        try await ground.simulated.inject(.guestShutDown(late.id))
        let error = await #expect(throws: CommandError.self) {
            _ = try await ground.operation().carryOut(.drain(["host1"], bestEffort: false)) { _ in
                true
            }
        }
        #expect(error?.exit == .halted)
        #expect(error?.message.contains("'\(late.facts.name)'") == true)
        #expect(error?.message.contains("kvmbalance runs resume 1") == true)
        let runs = try RunService(ground.observer, ground.policies, CommandFlags())
        let ending = try await runs.takeUp(
            1, to: nil, policy: nil, isAsked: false, if: { _ in true })
        #expect(ending?.exit == .done, "\(String(describing: ending?.report))")
        #expect(try await ground.simulated.present().holders(of: late.id).count == 1)
        #expect(try await journal.runsThatAsked().isEmpty)
    }

    /// Planned as a guest that runs, and off before its step begins.
    @Test func whatGoesDownDuringALaterRunIsNotTakenForItsOwnersDoing() async throws {
        let ground = Ground()
        let late = try await guest(ground, on: "host1")
        try await ask(late, ground)
        let result = try await ground.operation().carryOut(.drain(["host1"], bestEffort: false)) {
            plan in
            #expect(plan.moves.contains { $0.domain == late.id })
            try await ground.simulated.inject(.guestShutDown(late.id))
            return true
        }
        guard case .ended(let ending) = result else {
            Issue.record("it did not run: \(result)")
            return
        }
        #expect(ending.exit == .failed, "\(ending.report)")
        let reason = try #require(ending.report.reason)
        #expect(
            reason.contains("'\(late.facts.name)' is off on host1, because run 1 asked it"),
            "\(reason)")
        // And nothing else starts until it runs.
        let error = await #expect(throws: CommandError.self) {
            _ = try await ground.operation().carryOut(.drain(["host2"], bestEffort: false)) { _ in
                true
            }
        }
        #expect(error?.exit == .halted)
    }

    /// One drain asked it in vain, and a later one shut it down for its host.
    @Test func whatALaterRunStoppedForItsHostIsNotForgotten() async throws {
        let ground = Ground()
        let guest = try await guest(ground, on: "host1")
        try await ask(guest, ground)
        let journal = try ground.observer.stores.journal()
        var plan = plan(.drain, guest, from: "host1", to: "host1", hosts: ["host1"])
        plan.steps[0].mode = .shutdown
        let run = try await journal.open(plan, at: ground.observer.now(), process: 1)
        for event in [
            JournalEvent.intent(1, attempt: 1, persistent: true, autostart: false),
            .askedToShutDown(1), .arrived(1, nil, note: nil), .ended(RunOutcome(.done)),
        ] { try await journal.append(event, to: run, at: ground.observer.now()) }
        try await ground.simulated.inject(.guestShutDown(guest.id))
        let result = try await ground.operation().carryOut(.return(["host1"])) { plan in
            #expect(plan.steps.map(\.mode) == [.start])
            return true
        }
        guard case .ended(let ending) = result else {
            Issue.record("it did not run: \(result)")
            return
        }
        #expect(ending.exit == .done, "\(ending.report)")
        #expect(try await ground.simulated.present().holders(of: guest.id) == ["host1"])
        let runs = try RunService(ground.observer, ground.policies, CommandFlags())
        #expect(try await runs.report(run).stopped == nil)
        #expect(try await runs.stoppedGuests(on: ["host1"]).isEmpty)
    }

    // MARK: Maintenance

    @Test(arguments: [true, false])
    func aReturnThatGoesOnEndsNoMaintenanceThatBeganSince(isNew: Bool) async throws {
        let ground = Ground()
        let away = try await guest(ground, on: "host2")
        let journal = try ground.observer.stores.journal()
        let now = ground.observer.now()
        let plan = plan(.return, away, from: "host2", to: "host1", hosts: ["host1"])
        let run = try await journal.open(plan, at: now, process: 1)
        try await journal.append(
            .ended(RunOutcome(.failed, reason: "stopped")), to: run, at: now)
        try await journal.setMaintenance(
            MaintenanceEntry(
                host: "host1", since: now.advanced(byMilliseconds: isNew ? 1000 : -1000), run: nil))
        let runs = try RunService(ground.observer, ground.policies, CommandFlags())
        _ = try await runs.takeUp(run, to: nil, policy: nil, isAsked: false, if: { _ in true })
        let hosts = try await journal.maintenance().map(\.host)
        #expect(hosts == (isNew ? ["host1"] : []))
    }
}
