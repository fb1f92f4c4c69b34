import ClusterModel
import Execution
import Testing

/// A run is done only when every guest that it touched was seen where and as it is to be.
struct FinalCheckTests {
    /// Until the guests are looked at: host1 is empty.
    private func driver(
        _ plan: MigrationPlan = Example.plan([Example.step(1)])
    ) -> (MachineDriver, [Directive]) {
        var driver = MachineDriver(plan)
        driver.guestsAtEnd = nil
        _ = driver.send(.begin)
        driver.migrate(1)
        let directives = driver.verify(1, .absent, .running)
        return (driver, directives)
    }

    private static let promise = GuestPromise(
        domain: "id-1", name: "vm1", host: "host2", condition: .up)

    private func end(
        _ sighting: DomainSighting, _ plan: MigrationPlan = Example.plan([Example.step(1)])
    ) -> RunOutcome? {
        var (driver, _) = driver(plan)
        return driver.send(.guestsLooked(["id-1": sighting])).outcome
    }

    @Test func `an arrival alone does not make a run done`() {
        let (_, directives) = driver()
        #expect(directives.outcome == nil)
        #expect(directives.last == .lookAtGuests([Self.promise], afterMilliseconds: 0))
        #expect(end(.running) == RunOutcome(.done))
    }

    @Test(arguments: [
        (DomainSighting.absent, "'vm1' is not on host2 any more"),
        (.inactive, "'vm1' is off on host2"),
        (DomainSighting(.inactive, cause: .fault, detail: "shut-off, crashed"), "crashed"),
        (DomainSighting(.inactive, cause: .left), "'vm1' was migrated on from host2"),
        (DomainSighting(.paused, cause: .fault, detail: "paused, I/O error"), "I/O error"),
        (DomainSighting(.paused), "'vm1' does not run on host2"),
        (DomainSighting(.postcopyFailed), "'vm1' does not run on host2"),
    ])
    func `what is not as it is to be is named, and the run has failed`(
        sighting: DomainSighting, words: String
    ) {
        let outcome = end(sighting)
        #expect(outcome?.state == .failed)
        #expect(outcome?.reason?.contains(words) == true, "\(outcome?.reason ?? "")")
    }

    @Test func `what others did on purpose is named, and no failure`() {
        #expect(
            end(DomainSighting(.inactive, isPersistent: true, cause: .intent))
                == RunOutcome(.done, reason: "'vm1' was shut down on host2 since"))
        let paused = DomainSighting(.paused, cause: .intent)
        #expect(end(paused) == RunOutcome(.done, reason: "'vm1' is paused on host2"))
        var plan = Example.plan([Example.step(1)])
        plan.options.suspend = true
        #expect(end(paused, plan) == RunOutcome(.done))
    }

    @Test func `one that an earlier run asked is off by our doing, wherever it is`() {
        let off = DomainSighting(.inactive, isPersistent: true, cause: .intent)
        let words = "because run 7 asked it to shut down: start it there (virsh start 'vm1')"
        func end(_ sighting: DomainSighting, isMoved: Bool) -> RunOutcome? {
            var driver = MachineDriver(Example.plan([Example.step(1)]))
            driver.machine = RunMachine(
                state: driver.state, recovering: false, askedBefore: ["id-1": 7, "id-2": 8])
            driver.guestsAtEnd = { _ in ["id-1": sighting] }
            _ = driver.send(.begin)
            guard isMoved else { return driver.preflight(1, sighting).outcome }
            driver.migrate(1)
            return driver.verify(1, .absent, .running).outcome
        }
        #expect(end(off, isMoved: false)?.state == .failed)
        #expect(end(off, isMoved: false)?.reason == "'vm1' is off on host1, \(words)")
        #expect(end(off, isMoved: true)?.reason == "'vm1' is off on host2, \(words)")
        #expect(end(.running, isMoved: true) == RunOutcome(.done))
    }

    @Test func `a definition whose guest somebody started elsewhere is named`() {
        var step = Example.step(1)
        (step.mode, step.isShutOff) = (.offline, true)
        var driver = MachineDriver(Example.plan([step]))
        driver.guestsAtEnd = nil
        _ = driver.send(.begin)
        _ = driver.preflight(1, .inactive)
        _ = driver.send(.surveyed(1, StepPreparation(wasRunning: false), reason: nil))
        _ = driver.send(.migrationEnded(1, nil, failure: nil))
        _ = driver.verify(1, .absent, .inactive)
        var other = driver
        #expect(other.send(.guestsLooked(["id-1": .inactive])).outcome == RunOutcome(.done))
        #expect(
            driver.send(.guestsLooked(["id-1": .inactive], elsewhere: ["id-1": "host3"])).outcome
                == RunOutcome(.done, reason: "'vm1' was started by somebody else on host3"))
    }

    @Test(arguments: [
        DomainSighting.unknown, DomainSighting(.pausedByMigration), .migrating,
    ])
    func `a doubt is looked at again, and is no proof`(doubt: DomainSighting) {
        var (driver, _) = driver()
        let silent = RunEvent.guestsLooked(["id-1": doubt])
        for _ in 1..<RunMachine.Bounds().lastLooks {
            #expect(
                driver.send(silent) == [.lookAtGuests([Self.promise], afterMilliseconds: 2000)])
        }
        var other = driver
        #expect(driver.send(silent).outcome?.state == .failed)
        #expect(other.send(.guestsLooked(["id-1": .running])).outcome == RunOutcome(.done))
    }

    @Test func `a guest that its owner shut down is named and counted`() {
        var driver = MachineDriver(Example.plan([Example.step(1)]))
        _ = driver.send(.begin)
        let end = driver.preflight(1, .inactive)
        #expect(
            end.outcome
                == RunOutcome(.done, reason: "'vm1' was shut down on host1 and did not move"))
        let summary = RunSummary(1, driver.state)
        #expect(summary.moved == 0 && summary.meant == 1)
        // One that crashed, or is up again, is no such guest.
        for sighting in [DomainSighting(.inactive, cause: .fault), .running] {
            var driver = MachineDriver(Example.plan([Example.step(1)]))
            driver.guestsAtEnd = { _ in ["id-1": sighting] }
            _ = driver.send(.begin)
            #expect(driver.preflight(1, .inactive).outcome?.state == .failed)
        }
    }

    @Test func `a move whose guest was shut down before it could go has failed`() {
        var plan = Example.plan([Example.step(1)])
        (plan.kind, plan.hosts) = (.move, [])
        plan.wishes.moves = [NamedDomain("id-1", name: "vm1", host: "host1")]
        var driver = MachineDriver(plan)
        _ = driver.send(.begin)
        let words = "'vm1' was shut down on host1 and did not move"
        #expect(driver.preflight(1, .inactive).outcome == RunOutcome(.failed, reason: words))
        // Of one that is there already it is no failure.
        let off = DomainSighting(.inactive, isPersistent: true, cause: .intent)
        let since = "'vm1' was shut down on host2 since"
        #expect(end(off, plan) == RunOutcome(.done, reason: since))
    }

    @Test func `a rollback answers for guests at home`() {
        var (driver, _) = driver()
        driver.crash(takenUpTo: .rollback)
        _ = driver.send(.begin)
        let back = Example.plan([Example.step(1, from: "host2", to: "host1")])
        _ = driver.send(.planned(back, reason: nil))
        driver.migrate(2)
        let look = driver.verify(2, .absent, .running).last
        var home = Self.promise
        home.host = "host1"
        #expect(look == .lookAtGuests([home], afterMilliseconds: 0))
        var other = driver
        #expect(
            driver.send(.guestsLooked(["id-1": .running])).outcome == RunOutcome(.rolledBack))
        #expect(other.send(.guestsLooked(["id-1": .absent])).outcome?.state == .failed)
    }

    @Test func `a guest that stayed answers where it stayed, and is counted once`() {
        var balance = Example.plan([Example.step(1)], attempts: 1)
        balance.kind = .balance
        var driver = MachineDriver(balance)
        driver.guestsAtEnd = nil
        _ = driver.send(.begin)
        driver.migrate(1, error: "refused")
        _ = driver.verify(1, .running, .absent)
        let nothing = Example.plan([], outcome: .nothingToDo)
        let look = driver.send(.planned(nothing, reason: nil)).last
        var stayed = Self.promise
        stayed.host = "host1"
        #expect(look == .lookAtGuests([stayed], afterMilliseconds: 0))
        // Another target is another step of the same guest.
        var other = MachineDriver(Example.plan([Example.step(1)], attempts: 1))
        _ = other.send(.begin)
        other.migrate(1, error: "refused")
        _ = other.verify(1, .running, .absent)
        let again = Example.plan([Example.step(1, to: "host3")], attempts: 1)
        _ = other.send(.planned(again, reason: nil))
        other.migrate(2)
        #expect(other.verify(2, .absent, .running).outcome == RunOutcome(.done))
        let summary = RunSummary(1, other.state)
        #expect(summary.moved == 1 && summary.meant == 1)
    }

    @Test func `a guest whose step was planned again after an attempt is to be up`() {
        var driver = MachineDriver(Example.plan([Example.step(1)]))
        _ = driver.send(.begin)
        driver.migrate(1, error: "link lost")
        driver.crash(takenUpTo: .rollback)
        _ = driver.send(.begin)
        _ = driver.verify(1, .running, .absent)
        driver.guestsAtEnd = nil
        let nothing = Example.plan([], outcome: .nothingToDo)
        var home = Self.promise
        home.host = "host1"
        #expect(
            driver.send(.planned(nothing, reason: nil)).last
                == .lookAtGuests([home], afterMilliseconds: 0))
        #expect(
            driver.send(.guestsLooked(["id-1": .running])).outcome == RunOutcome(.rolledBack))
    }

    @Test func `a plan that fills CPUs beyond what was agreed to ends the run`() {
        var plan = Example.plan([Example.step(1)], attempts: 1)
        plan.cpuShare = 11_000
        var more = Example.plan([Example.step(1, to: "host3")], attempts: 1)
        more.cpuShare = 12_000
        let answers: [(confirmed: Int64?, isAgreed: Bool)] = [
            (nil, false), (11_900, false), (12_000, true),
        ]
        for (confirmed, isAgreed) in answers {
            var machine = RunMachine(
                state: RunState(
                    plan: plan,
                    records: Example.records([
                        .taken(process: 1, goal: .forward), .planned(plan, goal: .forward),
                    ])), recovering: true, confirmed: confirmed)
            _ = machine.handle(.begin, at: Example.time)
            let directives = machine.handle(.planned(more, reason: nil), at: Example.time)
            #expect((directives.outcome == nil) == isAgreed)
            guard !isAgreed else { continue }
            #expect(directives.outcome?.reason?.contains("120 % of its CPUs") == true)
        }
    }
}
