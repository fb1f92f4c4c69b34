import ClusterModel
import Execution
import Testing

/// Guests that go down after the time that they were given, when no attempt waits for them any
/// more.
struct LateShutdownTests {
    static let late = "it did not shut down within 10 s"
    static let name = "'vm1' was asked to shut down on host1 and may still shut down"

    static func driver(attempts: Int = 1) -> MachineDriver {
        var step = Example.step(1)
        step.mode = .offline
        return MachineDriver(Example.plan([step], attempts: attempts))
    }

    /// Asked to shut down, and still up when the time is over.
    static func ask(_ driver: inout MachineDriver, _ id: StepID = 1) -> [Directive] {
        if driver.state.steps.allSatisfy({ $0.attempts == 0 }) { _ = driver.send(.begin) }
        _ = driver.preflight(id)
        _ = driver.send(.surveyed(id, StepPreparation(wasRunning: true), reason: nil))
        #expect(driver.send(.askedToShutDown(id)) == [.record(.askedToShutDown(id))])
        _ = driver.send(.migrationEnded(id, nil, failure: StepFailure(late)))
        return driver.verify(id, .running, .absent)
    }

    static func watch(
        _ driver: inout MachineDriver, _ source: DomainSighting
    ) -> [Directive] {
        driver.send(.looked(1, .watch, source: source, target: .absent))
    }

    /// The same, this much later.
    static func watch(
        _ driver: inout MachineDriver, _ source: DomainSighting, at milliseconds: Int64
    ) -> [Directive] {
        driver.machine.handle(
            .looked(1, .watch, source: source, target: .absent),
            at: Example.time.advanced(byMilliseconds: milliseconds))
    }

    static let look = Directive.look(1, .watch, afterMilliseconds: 2000)
    static let empty = Example.plan([], outcome: .nothingToDo)

    @Test func `it is watched after the last attempt and started where it was`() {
        var driver = Self.driver()
        let failed = Self.ask(&driver)
        #expect(failed.contains(.look(1, .watch, afterMilliseconds: 0)))
        // Nothing is planned before it is seen whether it is down already.
        #expect(!failed.contains { if case .plan = $0 { true } else { false } })
        guard case .plan = Self.watch(&driver, .running).last else {
            Issue.record("the rest was not planned")
            return
        }
        // The rest cannot be planned, and the run does not end before the guest is safe.
        #expect(driver.send(.planned(nil, reason: "no other host")).outcome == nil)
        #expect(Self.watch(&driver, .running) == [Self.look])
        #expect(
            Self.watch(&driver, .inactive) == [
                .record(.settling(1, .startSource)), .settle(1, .startSource),
            ])
        #expect(
            driver.send(.settled(1, .startSource, failure: nil)) == [
                .look(1, .watch, afterMilliseconds: 0)
            ])
        let end = Self.watch(&driver, .running)
        #expect(end.first == .record(.upAgain(1)))
        #expect(end.outcome == RunOutcome(.failed, reason: "no other host"))
    }

    @Test func `going down between two attempts, it goes on from there`() {
        var driver = Self.driver(attempts: 2)
        #expect(Self.ask(&driver).last == .look(1, .preflight, afterMilliseconds: 2000))
        #expect(driver.preflight(1, .inactive) == [.prepare(1)])
        let off = StepPreparation(wasRunning: true)
        #expect(driver.send(.surveyed(1, off, reason: nil)).last == .migrate(1))
        _ = driver.send(.migrationEnded(1, nil, failure: nil))
        #expect(driver.verify(1, .absent, .inactive).last == .settle(1, .startTarget))
        _ = driver.send(.settled(1, .startTarget, failure: nil))
        #expect(driver.verify(1, .absent, .running).outcome == RunOutcome(.done))
        #expect(driver.state.asked.isEmpty)
    }

    @Test func `one that nobody asked is left as its owner shut it down`() {
        var driver = Self.driver(attempts: 2)
        _ = driver.send(.begin)
        #expect(
            driver.preflight(1, .inactive).first
                == .record(.skipped(1, reason: "was shut down on host1 before it could move")))
        // Nor is one watched that could not be asked.
        var other = Self.driver()
        _ = other.send(.begin)
        _ = other.preflight(1)
        _ = other.send(.surveyed(1, StepPreparation(wasRunning: true), reason: nil))
        _ = other.send(.migrationEnded(1, nil, failure: "it was not started"))
        guard case .plan = other.verify(1, .running, .absent).last else {
            Issue.record("it is waited for a guest that was never asked")
            return
        }
    }

    @Test func `an abort does not leave it down`() {
        for reason in ["aborted by SIGTERM", "aborted by Ctrl-C"] {
            var driver = Self.driver()
            _ = driver.send(.begin)
            _ = driver.preflight(1)
            _ = driver.send(.surveyed(1, StepPreparation(wasRunning: true), reason: nil))
            _ = driver.send(.askedToShutDown(1))
            #expect(driver.send(.abort(reason: reason)).last == .abort(1))
            _ = driver.send(.migrationEnded(1, nil, failure: "it was aborted"))
            #expect(driver.verify(1, .running, .absent).outcome == nil)
            #expect(Self.watch(&driver, .running) == [Self.look])
            #expect(Self.watch(&driver, .inactive).last == .settle(1, .startSource))
            _ = driver.send(.settled(1, .startSource, failure: nil))
            #expect(
                Self.watch(&driver, .running).outcome == RunOutcome(.failed, reason: reason))
        }
    }

    @Test func `whoever aborts twice does not wait, and is told its name`() {
        var driver = Self.driver()
        _ = Self.ask(&driver)
        #expect(driver.send(.abort(reason: "once")).outcome == nil)
        let end = driver.send(.abort(reason: "twice"))
        #expect(end.outcome?.state == .failed)
        #expect(end.outcome?.reason?.contains(Self.name) == true)
    }

    @Test func `the watch has a bound, and then it is named`() {
        var driver = Self.driver()
        _ = Self.ask(&driver)
        _ = Self.watch(&driver, .running)
        _ = driver.send(.planned(nil, reason: "no other host"))
        var looks = 1
        var directives: [Directive] = [Self.look]
        while directives.outcome == nil, looks < 10_000 {
            looks += 1
            directives = Self.watch(&driver, looks % 3 == 0 ? .unknown : .running)
        }
        #expect(Int64(looks) * 2000 == RunMachine.Bounds().shutdownMilliseconds)
        #expect(directives.outcome?.reason?.hasPrefix("no other host; \(Self.name)") == true)
        // By the clock as well: looks may take their time.
        var slow = Self.driver()
        _ = Self.ask(&slow)
        _ = Self.watch(&slow, .running)
        _ = slow.send(.planned(nil, reason: "no other host"))
        let late = slow.machine.handle(
            .looked(1, .watch, source: .running, target: .absent),
            at: Example.time.advanced(byMilliseconds: 900_000))
        #expect(late.outcome?.state == .failed)
    }

    /// The second guest takes hours: the first is started whenever it goes down.
    @Test func `after its time it is looked at while the run goes on`() {
        var step = Example.step(1)
        step.mode = .offline
        var driver = MachineDriver(Example.plan([step, Example.step(2)], attempts: 1))
        _ = driver.send(.begin)
        _ = driver.preflight(2)
        _ = Self.ask(&driver)
        let late = Self.watch(&driver, .running, at: 900_000)
        #expect(late == [.look(1, .watch, afterMilliseconds: 10_000)])
        #expect(
            Self.watch(&driver, .inactive) == [
                .record(.settling(1, .startSource)), .settle(1, .startSource),
            ])
    }

    @Test func `after its time it is seen once more before the rest is planned`() {
        var step = Example.step(1)
        step.mode = .offline
        var driver = MachineDriver(Example.plan([step, Example.step(2)], attempts: 1))
        _ = driver.send(.begin)
        _ = driver.preflight(2)
        _ = Self.ask(&driver)
        _ = Self.watch(&driver, .running, at: 900_000)
        _ = driver.send(.migrationEnded(2, nil, failure: nil))
        // The second has moved. What was asked before it had is out of date.
        #expect(!driver.verify(2, .absent, .running).contains { $0.isPlanOrEnd })
        #expect(
            Self.watch(&driver, .running, at: 910_000)
                == [.look(1, .watch, afterMilliseconds: 0)])
        guard case .plan = Self.watch(&driver, .running, at: 910_000).last else {
            Issue.record("the rest was not planned")
            return
        }
    }

    /// Another tool may have moved it and left it running on both.
    @Test func `one that another host runs is not started`() {
        var driver = Self.driver()
        _ = Self.ask(&driver)
        driver.elsewhere = ["host3": .running]
        let down = DomainSighting(.inactive, isPersistent: true, cause: .intent)
        let seen = RunEvent.looked(1, .watch, source: down, target: .absent)
        #expect(driver.send(seen).last == .look(1, .watch, afterMilliseconds: 2000))
        // A definition that lies about is no reason to leave it down.
        driver.elsewhere = ["host3": .inactive]
        #expect(driver.send(seen).last == .settle(1, .startSource))
    }

    @Test func `one that does not start again is named as off`() {
        var driver = Self.driver()
        _ = Self.ask(&driver)
        for _ in 0..<RunMachine.Bounds().settlements {
            #expect(Self.watch(&driver, .inactive).last == .settle(1, .startSource))
            #expect(
                driver.send(.settled(1, .startSource, failure: "disk is gone")) == [
                    .look(1, .watch, afterMilliseconds: 2000)
                ])
        }
        // Now the rest may be planned.
        guard case .plan = Self.watch(&driver, .inactive).last else {
            Issue.record("the rest was not planned")
            return
        }
        let end = driver.send(.planned(Self.empty, reason: nil))
        #expect(end.outcome?.state == .failed)
        #expect(
            end.outcome?.reason?.contains("'vm1' was shut down for its move, is off on host1")
                == true)
        #expect(end.outcome?.reason?.contains("disk is gone") == true)
    }

    // MARK: Another process

    @Test(arguments: [RunGoal.forward, .rollback, .abort])
    func `whoever resumes the run starts it first`(goal: RunGoal) {
        var driver = Self.driver()
        _ = Self.ask(&driver)
        driver.crash(takenUpTo: goal)
        #expect(
            driver.send(.begin) == [
                .tell(
                    "vm1 was asked to shut down on host1 and may do so late: it is watched for "
                        + "15 min, and started there when it does"),
                .look(1, .watch, afterMilliseconds: 0),
            ])
        #expect(Self.watch(&driver, .inactive).last == .settle(1, .startSource))
        _ = driver.send(.settled(1, .startSource, failure: nil))
        let directives = Self.watch(&driver, .running)
        #expect(directives.first == .record(.upAgain(1)))
        #expect(
            directives.last
                == (goal == .abort
                    ? .finish(RunOutcome(.failed, reason: "aborted"))
                    : .plan(goal: goal, without: [])))
    }

    @Test func `a process that was killed while it waited has asked`() {
        var driver = Self.driver()
        _ = driver.send(.begin)
        _ = driver.preflight(1)
        _ = driver.send(.surveyed(1, StepPreparation(wasRunning: true), reason: nil))
        driver.crash(takenUpTo: .abort)
        #expect(driver.send(.begin) == [.look(1, .verify, afterMilliseconds: 0)])
        let failed = driver.verify(1, .running, .absent)
        #expect(failed.outcome == nil)
        #expect(failed.last == .look(1, .watch, afterMilliseconds: 0))
        #expect(Self.watch(&driver, .inactive).last == .settle(1, .startSource))
    }

    @Test func `killed again while it started the guest, it is seen to run and let go`() {
        var driver = Self.driver()
        _ = Self.ask(&driver)
        _ = Self.watch(&driver, .inactive)
        driver.crash(takenUpTo: .abort)
        _ = driver.send(.begin)
        #expect(Self.watch(&driver, .running).first == .record(.upAgain(1)))
    }

    @Test func `a target that is dead meanwhile keeps it down no more than any other host`() {
        var driver = Self.driver()
        _ = Self.ask(&driver)
        driver.elsewhere = nil
        let down = DomainSighting(.inactive, isPersistent: true, cause: .intent)
        #expect(
            driver.send(.looked(1, .watch, source: down, target: .unknown)) == [
                .record(.settling(1, .startSource)), .lookElsewhere(1),
            ])
        // Nor does any other host that does not answer.
        #expect(
            driver.send(.lookedElsewhere(1, ["host3": .unknown])) == [.settle(1, .startSource)])
        // Where the source has forgotten why it is off, the target is waited for, and then named.
        var other = Self.driver()
        _ = Self.ask(&other)
        other.crash(takenUpTo: .abort)
        _ = other.send(.begin)
        let doubt = RunEvent.looked(1, .watch, source: .inactive, target: .unknown)
        #expect(other.send(doubt) == [Self.look])
        let late = other.machine.handle(
            doubt, at: Example.time.advanced(byMilliseconds: 900_000))
        #expect(late.outcome?.state == .failed)
        #expect(late.outcome?.reason?.contains("host2 does not say whether it has it") == true)
    }

    @Test func `it is not moved as one that its owner shut down`() {
        var driver = Self.driver()
        _ = Self.ask(&driver)
        _ = Self.watch(&driver, .running)
        // It goes down before the hosts are looked at for the new plan.
        var step = Example.step(1, to: "host3")
        (step.mode, step.isShutOff) = (.offline, true)
        _ = driver.send(.planned(Example.plan([step], attempts: 1), reason: nil))
        let directives = driver.preflight(2, .inactive)
        #expect(driver.state.step(2)?.status.word == "failed")
        #expect(!directives.contains(.prepare(2)))
        #expect(Self.watch(&driver, .inactive).last == .settle(1, .startSource))
        _ = driver.send(.settled(1, .startSource, failure: nil))
        guard case .plan = Self.watch(&driver, .running).last else {
            Issue.record("it was not planned again")
            return
        }
    }

    @Test func `nor as one that is off, when it was started since the plan was made`() {
        var driver = Self.driver()
        _ = Self.ask(&driver)
        _ = Self.watch(&driver, .running)
        var step = Example.step(1, to: "host3")
        (step.mode, step.isShutOff) = (.offline, true)
        _ = driver.send(.planned(Example.plan([step], attempts: 1), reason: nil))
        let directives = driver.preflight(2, .running)
        #expect(driver.state.step(2)?.status.word == "failed")
        #expect(!directives.contains(.prepare(2)))
        guard case .plan = Self.watch(&driver, .running).last else {
            Issue.record("it was not planned again")
            return
        }
    }

    @Test func `nothing is begun with a guest while it is being started`() {
        var driver = Self.driver()
        _ = Self.ask(&driver)
        _ = Self.watch(&driver, .running)
        #expect(Self.watch(&driver, .inactive).last == .settle(1, .startSource))
        var step = Example.step(1, to: "host3")
        step.mode = .offline
        let plan = Example.plan([step], attempts: 1)
        #expect(driver.send(.planned(plan, reason: nil)).starting.isEmpty)
        #expect(driver.send(.settled(1, .startSource, failure: nil)).starting == [2])
    }
}

extension Directive {
    fileprivate var isPlanOrEnd: Bool {
        if case .plan = self { return true }
        if case .finish = self { return true }
        return false
    }
}
