import ClusterModel
import Execution
import Testing

/// A run that was to empty hosts looks at them once more before it says that it is done.
struct LastLookTests {
    let plan = Example.plan([Example.step(1)])

    /// Until the last step is over.
    private func driver(_ plan: MigrationPlan) -> (MachineDriver, [Directive]) {
        var driver = MachineDriver(plan)
        driver.lastLook = nil
        _ = driver.send(.begin)
        driver.migrate(1)
        let directives = driver.verify(1, .absent, .running)
        return (driver, directives)
    }

    @Test func `the steps alone do not make a drain done`() {
        var (driver, directives) = driver(plan)
        #expect(directives.outcome == nil)
        #expect(directives.last == .lookAtHosts(["host1"], afterMilliseconds: 0))
        let end = driver.send(.hostsLooked([HostSighting("host1", guests: [])]))
        #expect(end.outcome == RunOutcome(.done))
    }

    static let newcomers = RunEvent.hostsLooked([
        HostSighting("host1", guests: ["newcomer", "crashed"])
    ])
    static let nothing = Example.plan([], outcome: .nothingToDo)
    static let complaint = "host1 is not empty: 'crashed', 'newcomer' run there"

    @Test func `who came meanwhile is planned for, and moves too`() {
        var (driver, _) = driver(plan)
        #expect(
            driver.send(Self.newcomers) == [
                .tell("\(Self.complaint): planned again"), .plan(goal: .forward, without: []),
            ])
        let more = Example.plan([Example.step(7, id: 1)])
        #expect(driver.send(.planned(more, reason: nil)).starting == [2])
        driver.migrate(2)
        #expect(driver.verify(2, .absent, .running).last == Self.look)
        let end = driver.send(.hostsLooked([HostSighting("host1", guests: [])]))
        #expect(end.outcome == RunOutcome(.done))
    }

    static let look = Directive.lookAtHosts(["host1"], afterMilliseconds: 0)

    @Test func `who cannot be planned for is named, and the drain has failed`() {
        for (answer, reason) in [
            (RunEvent.planned(nil, reason: "no host answers"), "no host answers"),
            (
                .planned(
                    Example.plan(
                        [], outcome: .infeasible,
                        blockers: [
                            Blocker(
                                domain: "newcomer", reason: .memory, detail: "no room", remedy: "")
                        ]), reason: nil),
                "the rest cannot be planned: 'newcomer': no room"
            ),
        ] {
            var (driver, _) = driver(plan)
            _ = driver.send(Self.newcomers)
            let end = driver.send(answer)
            #expect(
                end.outcome == RunOutcome(.failed, reason: "\(Self.complaint); \(reason)"))
            #expect(driver.state.outcome == end.outcome)
        }
        // What the planner does not see, such as a guest that crashed, is not planned for again.
        var (driver, _) = driver(plan)
        _ = driver.send(Self.newcomers)
        #expect(driver.send(.planned(Self.nothing, reason: nil)).last == Self.look)
        let end = driver.send(Self.newcomers)
        #expect(end.outcome == RunOutcome(.failed, reason: Self.complaint))
    }

    @Test func `newcomers are planned for a few times and no more`() {
        var (driver, _) = driver(plan)
        var rounds = 0
        var directives = driver.send(Self.newcomers)
        while directives.outcome == nil, rounds < 20 {
            rounds += 1
            let more = Example.plan([Example.step(10 + rounds, id: 1)])
            let id = StepID(1 + rounds)
            #expect(driver.send(.planned(more, reason: nil)).starting == [id])
            driver.migrate(id)
            #expect(driver.verify(id, .absent, .running).last == Self.look)
            directives = driver.send(Self.newcomers)
        }
        #expect(rounds == RunMachine.Bounds().newcomerRounds)
        #expect(directives.outcome == RunOutcome(.failed, reason: Self.complaint))
    }

    @Test func `who was left out of the drain is named, and no failure`() {
        var plan = plan
        plan.wishes.except = [NamedDomain("id-9", name: "stays", host: "host1")]
        var (driver, _) = driver(plan)
        let end = driver.send(.hostsLooked([HostSighting("host1", guests: ["stays"])]))
        let words = "host1 is not empty: 'stays' was left out with --except"
        #expect(end.outcome == RunOutcome(.done, reason: words))
        // Only where it was, and nobody beside it.
        (driver, _) = self.driver(plan)
        let more = driver.send(.hostsLooked([HostSighting("host1", guests: ["stays", "other"])]))
        let told = "host1 is not empty: 'other' runs there: planned again"
        #expect(more == [.tell(told), .plan(goal: .forward, without: [])])
    }

    @Test func `what best effort left behind counts too`() {
        let blocker = Blocker(domain: "gpu1", reason: .hostDevice, detail: "GPU", remedy: "")
        var (driver, _) = driver(Example.plan([Example.step(1)], blockers: [blocker]))
        let end = driver.send(.hostsLooked([HostSighting("host1", guests: ["gpu1"])]))
        #expect(end.outcome?.state == .failed)
        #expect(end.outcome?.reason == "host1 is not empty: 'gpu1' runs there")
    }

    @Test func `a host that cannot be asked is asked again, and is not taken for empty`() {
        var (driver, _) = driver(plan)
        let silent = RunEvent.hostsLooked([
            HostSighting("host1", guests: nil, detail: "connection refused")
        ])
        for _ in 1..<RunMachine.Bounds().lastLooks {
            #expect(
                driver.send(silent) == [.lookAtHosts(["host1"], afterMilliseconds: 2000)])
        }
        var other = driver
        let end = driver.send(silent)
        #expect(
            end.outcome
                == RunOutcome(
                    .failed,
                    reason: "host1 does not say whether it is empty: connection refused"))
        let answered = other.send(.hostsLooked([HostSighting("host1", guests: [])]))
        #expect(answered.outcome?.state == .done)
    }

    @Test func `it is looked at after a crash as well`() {
        var (driver, _) = driver(plan)
        driver.crash()
        #expect(driver.send(.begin) == [.plan(goal: .forward, without: [])])
        let last = driver.send(.planned(Self.nothing, reason: nil))
        #expect(last.last == Self.look)
        #expect(driver.send(Self.newcomers).last == .plan(goal: .forward, without: []))
        _ = driver.send(.planned(Self.nothing, reason: nil))
        #expect(driver.send(Self.newcomers).outcome?.state == .failed)
    }

    @Test func `hosts that a consolidation emptied are looked at, those of a rollback are not`() {
        var consolidation = plan
        consolidation.kind = .consolidate
        #expect(driver(consolidation).1.last == .lookAtHosts(["host1"], afterMilliseconds: 0))
        var balance = plan
        balance.kind = .balance
        #expect(driver(balance).1.outcome?.state == .done)
        var (driver, _) = driver(plan)
        driver.crash(takenUpTo: .rollback)
        _ = driver.send(.begin)
        let nothing = Example.plan([], outcome: .nothingToDo)
        #expect(driver.send(.planned(nothing, reason: nil)).outcome?.state == .rolledBack)
    }

    @Test func `whoever stops a drain does not wait for the look`() {
        var (driver, _) = driver(plan)
        let end = driver.send(.stop(reason: "Ctrl-C"))
        #expect(end.outcome == RunOutcome(.failed, reason: "Ctrl-C"))
        #expect(driver.send(.hostsLooked([HostSighting("host1", guests: [])])).isEmpty)
    }
}
