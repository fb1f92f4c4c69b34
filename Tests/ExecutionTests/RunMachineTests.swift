import ClusterModel
import Execution
import Testing

/// One step's way, as events in and directives out.
struct RunMachineTests {
    let single = Example.plan([Example.step(1)])

    @Test func `a step goes from look to look`() {
        var driver = MachineDriver(single)
        #expect(driver.send(.begin) == [.look(1, .preflight, afterMilliseconds: 0)])
        #expect(
            driver.preflight(1) == [
                .record(.intent(1, attempt: 1, persistent: true, autostart: false)), .migrate(1),
            ])
        let statistics = MigrationStatistics(durationMilliseconds: 900)
        #expect(
            driver.send(.migrationEnded(1, statistics, failure: nil)) == [
                .look(1, .verify, afterMilliseconds: 0)
            ])
        let done = RunOutcome(.done)
        #expect(
            driver.verify(1, .absent, .running) == [
                .record(.arrived(1, statistics, note: nil)), .record(.ended(done)),
                .finish(done),
            ])
    }

    @Test func `success is not believed before both hosts were seen`() {
        var driver = MachineDriver(single)
        _ = driver.send(.begin)
        driver.migrate(1)
        let halted = driver.verify(1, .running, .running)
        #expect(halted.outcome?.state == .halted)
        #expect(halted.outcome?.reason?.contains("runs on both hosts") == true)
        #expect(driver.state.openSteps.count == 1)
    }

    @Test func `an error is not believed either`() {
        var driver = MachineDriver(single)
        _ = driver.send(.begin)
        driver.migrate(1, error: "client socket is closed")
        #expect(driver.verify(1, .absent, .running).outcome?.state == .done)
    }

    @Test func `a paused copy is removed after it was written down`() {
        var driver = MachineDriver(single)
        _ = driver.send(.begin)
        driver.migrate(1)
        #expect(
            driver.verify(1, .left, .running) == [
                .record(.settling(1, .destroyPausedSource)), .settle(1, .destroyPausedSource),
            ])
        #expect(
            driver.send(.settled(1, .destroyPausedSource, failure: nil)) == [
                .look(1, .verify, afterMilliseconds: 0)
            ])
        let last = driver.verify(1, .absent, .running)
        #expect(
            last.first
                == .record(.arrived(1, nil, note: "the source's paused copy was removed")))
    }

    @Test func `a repair that keeps failing halts`() {
        var driver = MachineDriver(single)
        _ = driver.send(.begin)
        driver.migrate(1)
        for _ in 0..<3 {
            _ = driver.verify(1, .left, .running)
            #expect(
                driver.send(.settled(1, .destroyPausedSource, failure: "denied")) == [
                    .look(1, .verify, afterMilliseconds: 2000)
                ])
        }
        let end = driver.verify(1, .left, .running)
        #expect(end.outcome?.state == .halted)
        #expect(end.outcome?.reason?.contains("destroy-paused-source failed 3 times") == true)
    }

    @Test func `autostart is set again on the target`() {
        var driver = MachineDriver(single)
        _ = driver.send(.begin)
        var source = DomainSighting.running
        source.autostart = true
        _ = driver.preflight(1, source)
        _ = driver.send(.migrationEnded(1, nil, failure: nil))
        #expect(
            driver.verify(1, .absent, .running) == [
                .record(.settling(1, .setAutostart)), .settle(1, .setAutostart),
            ])
        _ = driver.send(.settled(1, .setAutostart, failure: nil))
        var target = DomainSighting.running
        target.autostart = true
        #expect(driver.verify(1, .absent, target).outcome?.state == .done)
    }

    @Test func `autostart that cannot be set is told and does not halt`() {
        var driver = MachineDriver(single)
        _ = driver.send(.begin)
        var source = DomainSighting.running
        source.autostart = true
        _ = driver.preflight(1, source)
        _ = driver.send(.migrationEnded(1, nil, failure: nil))
        for _ in 0..<3 {
            _ = driver.verify(1, .absent, .running)
            _ = driver.send(.settled(1, .setAutostart, failure: "read-only"))
        }
        let end = driver.verify(1, .absent, .running)
        #expect(end.outcome?.state == .done)
        let note = "autostart could not be set on the target: read-only"
        #expect(end.first == .record(.arrived(1, nil, note: note)))
    }

    @Test func `a failed attempt is tried again after a pause`() {
        var driver = MachineDriver(single)
        _ = driver.send(.begin)
        driver.migrate(1, error: "refused")
        #expect(
            driver.verify(1, .running, .absent) == [
                .record(.attemptFailed(1, attempt: 1, error: "refused")),
                .look(1, .preflight, afterMilliseconds: 2000),
            ])
        #expect(
            driver.preflight(1).first
                == .record(.intent(1, attempt: 2, persistent: true, autostart: false)))
    }

    @Test func `when the attempts are used up the rest is planned around it`() {
        var driver = MachineDriver(Example.plan([Example.step(1)], attempts: 1))
        _ = driver.send(.begin)
        driver.migrate(1, error: "refused")
        let excluded = [Exclusion(domain: "id-1", target: "host2")]
        #expect(
            driver.verify(1, .running, .absent) == [
                .record(.attemptFailed(1, attempt: 1, error: "refused")),
                .record(.failed(1, error: "refused")),
                .plan(goal: .forward, without: excluded),
            ])
        let second = Example.plan([Example.step(1, to: "host3")])
        #expect(
            driver.send(.planned(second, reason: nil)) == [
                .record(.planned(second, goal: .forward)),
                .look(2, .preflight, afterMilliseconds: 0),
            ])
    }

    @Test func `planning around failures ends`() {
        let plan = Example.plan([Example.step(1)], attempts: 1)
        var driver = MachineDriver(plan)
        var directives = driver.send(.begin)
        var plans = 0
        while directives.outcome == nil {
            if let id = directives.starting.first {
                driver.migrate(id, error: "refused")
                directives = driver.verify(id, .running, .absent)
            } else {
                plans += 1
                directives = driver.send(.planned(plan, reason: nil))
            }
        }
        #expect(plans == RunMachine.Bounds().plans + 1)
        #expect(directives.outcome?.state == .failed)
    }

    @Test func `a doubtful picture is looked at again, but not forever`() {
        var driver = MachineDriver(single)
        _ = driver.send(.begin)
        driver.migrate(1)
        for _ in 0..<RunMachine.Bounds().looks {
            #expect(
                driver.verify(1, .unknown, .running) == [
                    .look(1, .verify, afterMilliseconds: 2000)
                ])
        }
        let end = driver.verify(1, .unknown, .running)
        #expect(end.outcome?.state == .halted)
        #expect(end.outcome?.reason?.contains("connection refused") == true)
    }

    @Test func `a migration without us is waited for, then aborted, then halts`() {
        var bounds = RunMachine.Bounds()
        bounds.waits = 2
        bounds.looks = 1
        var driver = MachineDriver(single, bounds: bounds)
        _ = driver.send(.begin)
        driver.migrate(1, error: "client socket is closed")
        let look = Directive.look(1, .verify, afterMilliseconds: 2000)
        #expect(driver.verify(1, .migrating, .incoming) == [look])
        #expect(driver.verify(1, .migrating, .incoming) == [look])
        #expect(driver.verify(1, .migrating, .incoming) == [.abort(1), look])
        #expect(driver.verify(1, .migrating, .incoming) == [look])
        #expect(driver.verify(1, .migrating, .incoming).outcome?.state == .halted)
    }

    @Test func `a post-copy without us gets more time than the limit, for nothing can stop it`() {
        var plan = single
        plan.options.timeoutSeconds = 2
        let left = DomainSighting(.pausedByMigration, isPersistent: true, jobActive: true)
        for (source, target, aborts) in [
            (DomainSighting.migrating, DomainSighting.incoming, true),
            (left, DomainSighting(.running, jobActive: true), false),
        ] {
            var driver = MachineDriver(plan)
            _ = driver.send(.begin)
            driver.migrate(1, error: "client socket is closed")
            let directives = (1...3).flatMap { _ in driver.verify(1, source, target) }
            #expect(directives.contains(.abort(1)) == aborts)
        }
    }

    @Test(arguments: [
        (DomainSighting.absent, DomainSighting.running), (.absent, .absent),
        (.running, .running), (.migrating, .incoming), (.left, .running), (.inactive, .running),
    ])
    func `a world that changed stops the run before it is touched`(
        source: DomainSighting, target: DomainSighting
    ) {
        var driver = MachineDriver(single)
        _ = driver.send(.begin)
        let directives = driver.preflight(1, source, target)
        #expect(directives.outcome?.state == .failed)
        #expect(directives.outcome?.reason?.contains("the fleet changed") == true)
        #expect(!directives.contains(.migrate(1)))
    }

    @Test func `a domain that was shut down is skipped`() {
        var driver = MachineDriver(single)
        _ = driver.send(.begin)
        let end = driver.preflight(1, .inactive, .absent)
        #expect(driver.state.steps[0].status.word == "skipped")
        #expect(end.outcome?.state == .done)
    }

    @Test func `a stale definition on the target is not overwritten`() {
        var driver = MachineDriver(single)
        _ = driver.send(.begin)
        let directives = driver.preflight(1, .running, .inactive)
        #expect(driver.state.steps[0].status.word == "failed")
        #expect(
            directives.last
                == .plan(
                    goal: .forward, without: [Exclusion(domain: "id-1", target: "host2")]))
    }
}
