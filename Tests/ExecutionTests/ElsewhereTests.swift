import ClusterModel
import Execution
import Testing

/// No guest is woken, or shut down for its move, while another host may have it; and none stays
/// down for a host that has nothing to do with its move.
struct ElsewhereTests {
    static let silence = DomainSighting(.unknown, detail: "no route")
    static let holders: [DomainSighting] = [
        .running, .inactive, DomainSighting(.paused), DomainSighting(.pausedByMigration),
    ]
    static let doubts = [silence] + holders

    private func driver(_ mode: Step.Mode = .live) -> MachineDriver {
        var step = Example.step(1)
        step.mode = mode
        var driver = MachineDriver(Example.plan([step], attempts: 1))
        driver.elsewhere = nil
        _ = driver.send(.begin)
        return driver
    }

    @Test(arguments: doubts)
    func `a paused copy is not resumed while another host is in doubt`(doubt: DomainSighting) {
        var driver = driver()
        driver.migrate(1, error: "link lost")
        let paused = DomainSighting(.pausedByMigration, isPersistent: true)
        #expect(
            driver.verify(1, paused, .absent) == [
                .record(.settling(1, .resumeSource)), .lookElsewhere(1),
            ])
        let answer = driver.send(.lookedElsewhere(1, ["host3": doubt, "host4": .absent]))
        #expect(answer == [.look(1, .verify, afterMilliseconds: 2000)])
        _ = driver.verify(1, paused, .absent)
        // When nobody has it, it is.
        #expect(
            driver.send(.lookedElsewhere(1, ["host3": .absent])) == [.settle(1, .resumeSource)])
    }

    @Test(arguments: holders)
    func `nobody is shut down while another host has it too`(doubt: DomainSighting) {
        var driver = driver(.offline)
        #expect(driver.preflight(1).last == .lookElsewhere(1))
        let answer = driver.send(.lookedElsewhere(1, ["host3": doubt]))
        guard case .record(.failed(1, let error)) = answer.first else {
            Issue.record("\(answer)")
            return
        }
        #expect(error.contains("not shut down") && error.contains("host3"))
        #expect(!answer.contains(.prepare(1)))
    }

    @Test func `where nobody has it, its images are looked at`() {
        var driver = driver(.offline)
        _ = driver.preflight(1)
        #expect(driver.send(.lookedElsewhere(1, ["host3": .absent])) == [.prepare(1)])
    }

    /// It may have gone on from there to a host that has nothing to do with the step.
    @Test func `one that somebody started on its source meanwhile is not started unasked`() {
        var driver = driver(.offline)
        _ = driver.preflight(1)
        _ = driver.send(.lookedElsewhere(1, ["host3": .absent]))
        _ = driver.send(.surveyed(1, StepPreparation(wasRunning: true), reason: nil))
        _ = driver.send(.askedToShutDown(1))
        _ = driver.send(.migrationEnded(1, nil, failure: nil))
        _ = driver.verify(1, .migrating, .inactive)
        #expect(driver.verify(1, .absent, .inactive).last == .lookElsewhere(1))
        let answer = driver.send(.lookedElsewhere(1, ["host3": .running]))
        #expect(!answer.contains(.settle(1, .startTarget)))
    }

    @Test func `a run that was stopped meanwhile shuts nobody down`() {
        var driver = driver(.offline)
        _ = driver.preflight(1)
        _ = driver.send(.stop(reason: "asked"))
        #expect(driver.send(.lookedElsewhere(1, [:])).outcome?.state == .failed)
    }

    @Test func `an answer that nobody waits for is no order`() {
        var driver = driver()
        _ = driver.preflight(1)
        #expect(driver.send(.lookedElsewhere(1, [:])).isEmpty)
    }

    @Test func `a host that was out of reach when the plan was made is not waited for`() {
        var plan = Example.plan([Example.step(1)], attempts: 1)
        plan.unreachable = ["host3"]
        var driver = MachineDriver(plan)
        driver.elsewhere = nil
        _ = driver.send(.begin)
        driver.migrate(1, error: "link lost")
        _ = driver.verify(1, .left, .absent)
        #expect(
            driver.send(.lookedElsewhere(1, ["host3": Self.silence, "host4": .absent])) == [
                .settle(1, .resumeSource)
            ])
        // Where it answers now, it is heard.
        var other = MachineDriver(plan)
        other.elsewhere = nil
        _ = other.send(.begin)
        other.migrate(1, error: "link lost")
        _ = other.verify(1, .left, .absent)
        #expect(
            other.send(.lookedElsewhere(1, ["host3": .running])) == [
                .look(1, .verify, afterMilliseconds: 2000)
            ])
    }

    @Test func `one that fell silent since is waited for as long as one of the two`() {
        var driver = driver()
        driver.migrate(1, error: "link lost")
        var looks = 0
        var directives = driver.verify(1, .left, .absent)
        while directives.outcome == nil, looks < 1000 {
            looks += 1
            _ = driver.send(.lookedElsewhere(1, ["host3": Self.silence]))
            directives = driver.verify(1, .left, .absent)
        }
        let bounds = RunMachine.Bounds()
        #expect(looks == bounds.looks + bounds.settlements)
        #expect(directives.outcome?.state == .halted)
        #expect(directives.outcome?.reason?.contains("on host3 the domain is unknown") == true)
    }

    // MARK: Cold moves

    static let down = DomainSighting(.inactive, isPersistent: true, cause: .intent)

    /// Shut down for its move, which ends in this way.
    private func cold(silent: [HostName] = [], error: String? = nil) -> MachineDriver {
        var driver = driver(.offline)
        _ = driver.preflight(1)
        let answers = Dictionary(
            uniqueKeysWithValues: silent.map { ($0, Self.silence) })
        _ = driver.send(.lookedElsewhere(1, answers))
        _ = driver.send(.surveyed(1, StepPreparation(wasRunning: true), reason: nil))
        _ = driver.send(.askedToShutDown(1))
        _ = driver.send(.migrationEnded(1, nil, failure: error.map { StepFailure($0) }))
        return driver
    }

    @Test func `a host that does not answer keeps nobody from being shut down`() {
        var driver = driver(.offline)
        _ = driver.preflight(1)
        let directives = driver.send(.lookedElsewhere(1, ["host3": Self.silence]))
        #expect(directives.last == .prepare(1))
        #expect(directives.words.contains("host3 cannot say whether 'vm1' is defined there too"))
        let prepared = driver.send(
            .surveyed(1, StepPreparation(wasRunning: true), reason: nil))
        guard case .record(.preparing(1, let preparation)) = prepared.first else {
            Issue.record("\(prepared)")
            return
        }
        #expect(preparation.unreachable == ["host3"])
    }

    @Test func `where the two hosts prove enough no other is asked`() {
        var arriving = cold()
        #expect(arriving.verify(1, .absent, .inactive).last == .settle(1, .startTarget))
        var staying = cold(error: "no room for its images")
        #expect(staying.verify(1, Self.down, .absent).last == .settle(1, .startSource))
        var crashed = cold(error: "no room for its images")
        let broken = DomainSighting(.inactive, isPersistent: true, cause: .fault)
        #expect(crashed.verify(1, broken, .absent).last == .settle(1, .startSource))
    }

    @Test func `a run that is taken up asks the others, and only a running guest counts`() {
        var driver = cold(error: "no room for its images")
        driver.elsewhere = nil
        driver.crash()
        _ = driver.send(.begin)
        #expect(driver.verifyUntilLate(1, Self.down, .absent).last == .lookElsewhere(1))
        let running = driver.send(.lookedElsewhere(1, ["host3": .running]))
        #expect(running == [.look(1, .verify, afterMilliseconds: 2000)])
        _ = driver.verify(1, Self.down, .absent)
        // What is defined or silent there proves nothing against what both hosts say.
        let rest = driver.send(.lookedElsewhere(1, ["host3": .inactive, "host4": Self.silence]))
        #expect(rest == [.settle(1, .startSource)])
    }

    @Test func `what a killed process sent on its way may come late`() {
        var driver = cold()
        driver.crash()
        _ = driver.send(.begin)
        let again = Directive.look(1, .verify, afterMilliseconds: 2000)
        #expect(driver.verify(1, Self.down, .absent) == [again])
        // Here it is, and the source's definition is where the files are.
        #expect(driver.verify(1, Self.down, .inactive).last == .settle(1, .undefineTarget))
    }

    @Test func `one that was seen on its target is not resumed from its paused copy`() {
        var driver = driver()
        driver.migrate(1, error: "link lost")
        _ = driver.verify(1, .unknown, .running)
        #expect(driver.verify(1, .left, .absent).last == .lookElsewhere(1))
        let directives = driver.send(.lookedElsewhere(1, ["host3": Self.silence]))
        #expect(!directives.contains(.settle(1, .resumeSource)))
    }

    @Test func `a definition that came back is where it is started`() {
        var driver = cold()
        for _ in 0..<3 {
            _ = driver.verify(1, .absent, .inactive)
            _ = driver.send(.settled(1, .startTarget, failure: "no CPU"))
        }
        #expect(driver.verify(1, .absent, .inactive).last == .settle(1, .returnDefinition))
        _ = driver.send(.settled(1, .returnDefinition, failure: nil))
        // libvirt notes nothing of a definition that a migration brought.
        #expect(driver.verify(1, .inactive, .absent).last == .settle(1, .startSource))
    }

    @Test func `where the source has forgotten why it is off the others are asked`() {
        var driver = cold(silent: ["host4"], error: "no room for its images")
        #expect(driver.verify(1, .inactive, .absent).last == .lookElsewhere(1))
        let doubt = driver.send(.lookedElsewhere(1, ["host3": Self.silence, "host4": .absent]))
        #expect(doubt == [.look(1, .verify, afterMilliseconds: 2000)])
        _ = driver.verify(1, .inactive, .absent)
        // What host4 could not say before it cannot say now.
        #expect(
            driver.send(.lookedElsewhere(1, ["host3": .absent, "host4": Self.silence])) == [
                .settle(1, .startSource)
            ])
    }

    @Test func `one that somebody has migrated away is not started from what is left`() {
        let gone = DomainSighting(.inactive, isPersistent: true, cause: .left)
        var source = cold(error: "it is off, and nothing tells why")
        let halted = source.verify(1, gone, .absent)
        #expect(halted.outcome?.state == .halted)
        #expect(halted.outcome?.reason?.contains("migrated it away") == true)
        var target = cold()
        #expect(target.verify(1, .absent, gone).outcome?.state == .halted)
    }
}
