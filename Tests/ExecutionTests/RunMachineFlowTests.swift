import ClusterModel
import Execution
import Testing

/// Several steps together: limits, order, stopping, crashes, planning again.
struct RunMachineFlowTests {
    @Test func `no host carries more than its share`() {
        var driver = MachineDriver(Example.plan((1...6).map { Example.step($0) }, perHost: 2))
        #expect(driver.send(.begin).starting == [1, 2])
        driver.migrate(1)
        #expect(driver.verify(1, .absent, .running).starting == [3])
    }

    @Test func `the fleet has its own limit`() {
        let steps = (1...4).map {
            Example.step($0, from: HostName("a\($0)"), to: HostName("b\($0)"))
        }
        var driver = MachineDriver(Example.plan(steps, fleet: 3))
        #expect(driver.send(.begin).starting == [1, 2, 3])
    }

    @Test func `a step waits for what it waits for`() {
        let steps = [
            Example.step(1, from: "host2", to: "host3"), Example.step(2, after: [1]),
            Example.step(3, from: "host4", to: "host5"),
        ]
        var driver = MachineDriver(Example.plan(steps))
        #expect(driver.send(.begin).starting == [1, 3])
        driver.migrate(1)
        #expect(driver.verify(1, .absent, .running).starting == [2])
    }

    @Test func `what waits for a step that failed is planned again`() {
        let steps = [
            Example.step(1, from: "host2", to: "host3"), Example.step(2, after: [1]),
        ]
        var driver = MachineDriver(Example.plan(steps, attempts: 1))
        _ = driver.send(.begin)
        driver.migrate(1, error: "refused")
        let directives = driver.verify(1, .running, .absent)
        #expect(directives.starting.isEmpty)
        guard case .plan = directives.last else {
            Issue.record("\(directives)")
            return
        }
    }

    @Test func `planning waits until nothing is under way`() {
        var driver = MachineDriver(
            Example.plan([Example.step(1), Example.step(2)], attempts: 1))
        _ = driver.send(.begin)
        driver.migrate(1, error: "refused")
        _ = driver.preflight(2)
        let first = driver.verify(1, .running, .absent)
        #expect(first.last == .record(.failed(1, error: "refused")))
        _ = driver.send(.migrationEnded(2, nil, failure: nil))
        guard case .plan = driver.verify(2, .absent, .running).last else {
            Issue.record("no plan was asked for")
            return
        }
    }

    // MARK: Stopping

    @Test func `stop starts nothing new and lets the rest end`() {
        var driver = MachineDriver(Example.plan((1...4).map { Example.step($0) }))
        _ = driver.send(.begin)
        _ = driver.preflight(1)
        #expect(driver.send(.stop(reason: "Ctrl-C")) == [.record(.stopping(reason: "Ctrl-C"))])
        #expect(driver.preflight(2).isEmpty)
        _ = driver.send(.migrationEnded(1, nil, failure: nil))
        let end = driver.verify(1, .absent, .running)
        #expect(end.outcome == RunOutcome(.failed, reason: "Ctrl-C"))
        #expect(driver.state.steps.map(\.status.word) == ["done", "pending", "pending", "pending"])
    }

    @Test func `abort stops what runs`() {
        var driver = MachineDriver(Example.plan((1...4).map { Example.step($0) }))
        _ = driver.send(.begin)
        _ = driver.preflight(1)
        _ = driver.preflight(2)
        _ = driver.send(.stop(reason: "Ctrl-C"))
        #expect(driver.send(.abort(reason: "twice")) == [.abort(1), .abort(2)])
        // The first may have been lost.
        #expect(driver.send(.abort(reason: "thrice")) == [.abort(1), .abort(2)])
        _ = driver.send(.migrationEnded(1, nil, failure: "canceled by client"))
        _ = driver.send(.migrationEnded(2, nil, failure: "canceled by client"))
        #expect(driver.verify(1, .running, .absent).outcome == nil)
        #expect(driver.verify(2, .running, .absent).outcome?.state == .failed)
    }

    @Test func `a migration that goes on without us is aborted too`() {
        var driver = MachineDriver(Example.plan([Example.step(1)]))
        _ = driver.send(.begin)
        driver.migrate(1, error: "client socket is closed")
        _ = driver.verify(1, .migrating, .incoming)
        #expect(driver.send(.abort(reason: "twice")).last == .abort(1))
    }

    @Test func `a migration that cannot be stopped halts the run, which waits for the others`() {
        var driver = MachineDriver(Example.plan((1...2).map { Example.step($0) }))
        _ = driver.send(.begin)
        _ = driver.preflight(1)
        _ = driver.preflight(2)
        #expect(driver.send(.overdue(1, reason: "no progress")) == [.abort(1)])
        #expect(driver.send(.stuck(1, reason: "no progress for an hour")).outcome == nil)
        _ = driver.send(.migrationEnded(2, nil, failure: nil))
        let end = driver.verify(2, .absent, .running)
        #expect(end.outcome?.state == .halted)
        #expect(end.outcome?.reason?.contains("no progress for an hour") == true)
        // Whoever takes it up looks at both hosts first.
        #expect(driver.state.openSteps.map(\.step.id) == [1])
        #expect(driver.send(.stuck(9, reason: "unknown step")).isEmpty)
    }

    @Test func `a migration that is overdue is aborted until it ends`() {
        var driver = MachineDriver(Example.plan([Example.step(1)]))
        _ = driver.send(.begin)
        _ = driver.preflight(1)
        #expect(driver.send(.overdue(1, reason: "no progress")) == [.abort(1)])
        #expect(driver.send(.overdue(1, reason: "no progress")) == [.abort(1)])
        _ = driver.send(.migrationEnded(1, nil, failure: "canceled by client"))
        #expect(driver.send(.overdue(1, reason: "no progress")).isEmpty)
        #expect(driver.send(.overdue(9, reason: "unknown step")).isEmpty)
    }

    @Test func `a migration that was stopped says why, not what libvirt made of it`() {
        var driver = MachineDriver(Example.plan([Example.step(1)]))
        _ = driver.send(.begin)
        _ = driver.preflight(1)
        _ = driver.send(.overdue(1, reason: "took longer than the limit of 60 s"))
        _ = driver.send(.migrationEnded(1, nil, failure: "End of file while reading data"))
        let first = driver.verify(1, .running, .absent)
        let error = "stopped, because it took longer than the limit of 60 s"
        #expect(first.contains(.record(.attemptFailed(1, attempt: 1, error: error))))
        // The next attempt has its own reason.
        _ = driver.preflight(1)
        _ = driver.send(.migrationEnded(1, nil, failure: "connection refused"))
        let second = driver.verify(1, .running, .absent)
        #expect(
            second.contains(.record(.attemptFailed(1, attempt: 2, error: "connection refused"))))
    }

    @Test func `a change of a running migration is written down first`() {
        var driver = MachineDriver(Example.plan([Example.step(1)]))
        _ = driver.send(.begin)
        _ = driver.preflight(1)
        let adjust = RunEvent.adjust(1, .startPostcopy, reason: "too busy")
        #expect(
            driver.send(adjust) == [
                .record(.adjusting(1, .startPostcopy, reason: "too busy")),
                .adjust(1, .startPostcopy),
            ])
        #expect(driver.state.step(1)?.adjustments.map(\.change) == [.startPostcopy])
        // Not once it is being stopped, or is over.
        _ = driver.send(.overdue(1, reason: "late"))
        #expect(driver.send(adjust).isEmpty)
        #expect(driver.send(.adjust(9, .suspendGuest, reason: "unknown step")).isEmpty)
    }

    @Test func `a guest that cannot be moved is not tried again, and planned around everywhere`() {
        var driver = MachineDriver(Example.plan([Example.step(1)]))
        _ = driver.send(.begin)
        _ = driver.preflight(1)
        #expect(driver.send(.nonConverging(1, reason: "does not converge")) == [.abort(1)])
        _ = driver.send(.migrationEnded(1, nil, failure: "canceled by client"))
        let end = driver.verify(1, .running, .absent)
        let error = "stopped, because it does not converge"
        #expect(end.contains(.record(.failed(1, error: error))))
        #expect(
            end.last == .plan(goal: .forward, without: [Exclusion(domain: "id-1", target: nil)]))
    }

    @Test func `a halt lets the others end first`() {
        var driver = MachineDriver(Example.plan((1...4).map { Example.step($0) }))
        _ = driver.send(.begin)
        driver.migrate(1)
        _ = driver.preflight(2)
        #expect(driver.verify(1, .running, .running).isEmpty)
        _ = driver.send(.migrationEnded(2, nil, failure: nil))
        let end = driver.verify(2, .absent, .running)
        #expect(end.outcome?.state == .halted)
        #expect(end.starting.isEmpty)
        #expect(driver.send(.begin).isEmpty)
    }

    @Test func `a post-copy that lost its link is taken up, for as long as a link may need`() {
        var driver = MachineDriver(Example.plan([Example.step(1)]))
        _ = driver.send(.begin)
        driver.migrate(1, error: "link broken")
        let half = DomainSighting(.postcopyFailed, isPersistent: true)
        for number in 1...8 {
            #expect(
                driver.verify(1, half, half) == [
                    .record(.settling(1, .resumePostcopy)), .settle(1, .resumePostcopy),
                ])
            let failed = driver.send(.settled(1, .resumePostcopy, failure: "no route"))
            #expect(
                failed == [.look(1, .verify, afterMilliseconds: 2000 * Int64(number))])
        }
        var other = driver
        let end = driver.verify(1, half, half)
        #expect(end.outcome?.state == .halted)
        #expect(end.outcome?.reason?.contains("8 attempts to resume it failed (no route)") == true)
        // Once it goes on it is waited for, and what comes after it has tries of its own.
        #expect(other.verify(1, .migrating, .running).count == 1)
        let mark = DomainSighting(.running, isPersistent: true, autostart: false)
        #expect(other.verify(1, .absent, mark).outcome?.state == .done)
    }

    // MARK: Crashes

    @Test func `after a crash open steps come first, then a plan`() {
        var driver = MachineDriver(Example.plan([Example.step(1), Example.step(2)]))
        _ = driver.send(.begin)
        _ = driver.preflight(1)
        driver.crash()
        #expect(driver.send(.begin) == [.look(1, .verify, afterMilliseconds: 0)])
        #expect(
            driver.verify(1, .absent, .running) == [
                .record(.arrived(1, nil, note: nil)), .plan(goal: .forward, without: []),
            ])
        let rest = Example.plan([Example.step(2, id: 1)])
        #expect(driver.send(.planned(rest, reason: nil)).starting == [3])
        driver.migrate(3)
        #expect(driver.verify(3, .absent, .running).outcome?.state == .done)
        #expect(driver.state.steps.map(\.status.word) == ["done", "skipped", "done"])
    }

    @Test func `autostart survives a crash between migration and repair`() {
        var driver = MachineDriver(Example.plan([Example.step(1)]))
        _ = driver.send(.begin)
        var source = DomainSighting.running
        source.autostart = true
        _ = driver.preflight(1, source)
        driver.crash()
        _ = driver.send(.begin)
        #expect(driver.verify(1, .absent, .running).last == .settle(1, .setAutostart))
    }

    @Test func `a run whose end was not written ends when taken up`() {
        var driver = MachineDriver(Example.plan([Example.step(1)]))
        _ = driver.send(.begin)
        driver.migrate(1)
        _ = driver.machine.handle(
            .looked(1, .verify, source: .absent, target: .running), at: Example.time)
        driver.crash()
        _ = driver.send(.begin)
        _ = driver.verify(1, .absent, .running)
        let nothing = Example.plan([], outcome: .nothingToDo)
        #expect(driver.send(.planned(nothing, reason: nil)).outcome?.state == .done)
    }

    @Test func `abort after a crash ends it where it stands`() {
        var driver = MachineDriver(Example.plan([Example.step(1), Example.step(2)]))
        _ = driver.send(.begin)
        _ = driver.preflight(1)
        driver.crash(takenUpTo: .abort)
        #expect(driver.send(.begin) == [.look(1, .verify, afterMilliseconds: 0)])
        #expect(driver.verify(1, .migrating, .incoming).first == .abort(1))
        let end = driver.verify(1, .running, .absent)
        #expect(end.outcome == RunOutcome(.failed, reason: "aborted"))
    }

    // MARK: Plans for the rest

    @Test func `domains that stay beyond the first plan make the run fail`() {
        let blocker = Blocker(domain: "vm2", reason: .memory, detail: "4 GiB short", remedy: "")
        var driver = MachineDriver(Example.plan([Example.step(1), Example.step(2)]))
        _ = driver.send(.begin)
        driver.crash()
        _ = driver.send(.begin)
        let rest = Example.plan([Example.step(1)], blockers: [blocker])
        #expect(driver.send(.planned(rest, reason: nil)).starting == [3])
        driver.migrate(3)
        let end = driver.verify(3, .absent, .running)
        #expect(
            end.outcome == RunOutcome(.failed, reason: "some domains stay: 'vm2': 4 GiB short"))
    }

    @Test(arguments: [MigrationPlan.Outcome.nothingToDo, .infeasible])
    func `blockers that were accepted do not make it fail`(outcome: MigrationPlan.Outcome) {
        let blocker = Blocker(domain: "vm9", reason: .hostDevice, detail: "GPU", remedy: "")
        var driver = MachineDriver(Example.plan([Example.step(1)], blockers: [blocker]))
        _ = driver.send(.begin)
        driver.crash()
        _ = driver.send(.begin)
        let rest = Example.plan([], outcome: outcome, blockers: [blocker])
        #expect(driver.send(.planned(rest, reason: nil)).outcome?.state == .done)
    }

    @Test func `no plan for the rest is a reason to end`() {
        let blocker = Blocker(reason: .memory, detail: "9 GiB short", remedy: "")
        var driver = MachineDriver(Example.plan([Example.step(1)]))
        driver.crash()
        _ = driver.send(.begin)
        var other = driver
        let infeasible = Example.plan([], outcome: .infeasible, blockers: [blocker])
        let end = driver.send(.planned(infeasible, reason: nil))
        #expect(end.outcome?.reason == "the rest cannot be planned: 9 GiB short")
        let none = other.send(.planned(nil, reason: "host2 is silent"))
        #expect(none.outcome == RunOutcome(.failed, reason: "host2 is silent"))
    }

    @Test func `a rollback says what it could not bring back`() {
        let blocker = Blocker(domain: "vm2", reason: .memory, detail: "no room", remedy: "")
        var driver = MachineDriver(Example.plan([Example.step(1)]))
        _ = driver.send(.begin)
        driver.migrate(1)
        _ = driver.verify(1, .absent, .running)
        driver.crash(takenUpTo: .rollback)
        #expect(driver.send(.begin) == [.plan(goal: .rollback, without: [])])
        let back = Example.step(1, from: "host2", to: "host1")
        let inverse = Example.plan([back], blockers: [blocker])
        #expect(driver.send(.planned(inverse, reason: nil)).starting == [2])
        driver.migrate(2)
        let end = driver.verify(2, .absent, .running)
        #expect(end.outcome?.reason == "not all could be brought back: 'vm2': no room")
        #expect(driver.state.displacements.isEmpty)
    }
}
