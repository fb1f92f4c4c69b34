import ClusterModel
import Execution
import Testing

/// Steps that copy images or move cold, as events in and directives out.
struct ImageStepTests {
    static let image = DiskImage(
        disk: "vda", path: "/local/vm1.qcow2", pool: "local", volume: "vm1.qcow2",
        format: "qcow2", capacity: .gibibytes(1), length: .mebibytes(2), allocation: .mebibytes(2))
    static let running = StepPreparation(images: [image], wasRunning: true)

    static func driver(
        _ mode: Step.Mode, isShutOff: Bool = false, keepsImages: Bool? = nil
    ) -> MachineDriver {
        var step = Example.step(1)
        step.mode = mode
        step.copies = ["vda"]
        step.isShutOff = isShutOff
        var plan = Example.plan([step], attempts: 1)
        plan.options.keepsImages = keepsImages
        return MachineDriver(plan)
    }

    /// Until its image is made.
    static func make(_ driver: inout MachineDriver) {
        _ = begin(&driver)
        _ = driver.send(.made(1, path: image.path))
    }

    /// Until the migration is under way.
    static func begin(
        _ driver: inout MachineDriver, _ preparation: StepPreparation = running,
        source: DomainSighting = .running
    ) -> [Directive] {
        _ = driver.send(.begin)
        #expect(driver.preflight(1, source) == [.prepare(1)])
        return driver.send(.surveyed(1, preparation, reason: nil))
    }

    @Test func `what will be made is written down before the intent and before anything is made`() {
        for mode in [Step.Mode.storage, .offline] {
            var driver = Self.driver(mode)
            #expect(
                Self.begin(&driver) == [
                    .record(.preparing(1, Self.running)),
                    .record(.intent(1, attempt: 1, persistent: true, autostart: false)),
                    .migrate(1),
                ])
        }
    }

    @Test func `a target that cannot take the images is planned around`() {
        var driver = Self.driver(.storage)
        _ = driver.send(.begin)
        _ = driver.preflight(1)
        let directives = driver.send(.surveyed(1, nil, reason: "something lies there"))
        #expect(directives.first == .record(.failed(1, error: "something lies there")))
        #expect(
            directives.last
                == .plan(goal: .forward, without: [Exclusion(domain: "id-1", target: "host2")]))
    }

    @Test func `old images go when the guest has run on the target for a while`() {
        var driver = Self.driver(.storage)
        _ = Self.begin(&driver)
        _ = driver.send(.migrationEnded(1, nil, failure: nil))
        #expect(
            driver.verify(1, .absent, .running) == [.look(1, .verify, afterMilliseconds: 5000)])
        // The copies are on the target's disk: once more, who has the guest?
        #expect(driver.verify(1, .absent, .running) == [.look(1, .verify, afterMilliseconds: 0)])
        #expect(
            driver.verify(1, .absent, .running) == [
                .record(.settling(1, .removeSourceImages)), .settle(1, .removeSourceImages),
            ])
        #expect(
            driver.send(.settled(1, .removeSourceImages, failure: nil)) == [
                .record(.cleared(1)), .look(1, .verify, afterMilliseconds: 0),
            ])
        #expect(driver.verify(1, .absent, .running).outcome?.state == .done)
    }

    /// Whoever proves itself on its target leaves its place to another.
    @Test func `a guest that others took back waits for a place before the next attempt`() {
        var first = Example.step(1)
        first.mode = .storage
        first.copies = ["vda"]
        var driver = MachineDriver(
            Example.plan([first, Example.step(2)], attempts: 2, perHost: 1, fleet: 1))
        _ = Self.begin(&driver)
        _ = driver.send(.migrationEnded(1, nil, failure: nil))
        #expect(
            driver.verify(1, .absent, .running) == [
                .look(1, .verify, afterMilliseconds: 5000),
                .look(2, .preflight, afterMilliseconds: 0),
            ])
        _ = driver.preflight(2)
        let back = driver.verify(1, .running, .absent)
        let error = "the migration was interrupted"
        #expect(back.first == .record(.attemptFailed(1, attempt: 1, error: error)))
        #expect(!back.contains { if case .look(1, .preflight, _) = $0 { true } else { false } })
        _ = driver.send(.migrationEnded(2, nil, failure: nil))
        #expect(
            driver.verify(2, .absent, .running).contains(
                .look(1, .preflight, afterMilliseconds: 0)))
    }

    @Test func `they stay where that is wanted, and when the guest did not stay up`() {
        var kept = Self.driver(.storage, keepsImages: true)
        _ = Self.begin(&kept)
        _ = kept.send(.migrationEnded(1, nil, failure: nil))
        let note = "/local/vm1.qcow2 is left on host1"
        #expect(
            kept.verify(1, .absent, .running).first == .record(.arrived(1, nil, note: note)))
        var down = Self.driver(.storage)
        _ = Self.begin(&down)
        _ = down.send(.migrationEnded(1, nil, failure: nil))
        _ = down.verify(1, .absent, .running)
        let end = down.verify(1, .absent, .inactive)
        #expect(end.outcome?.state == .done)
        #expect(!end.contains(.settle(1, .removeSourceImages)))
    }

    @Test func `half a copy is removed only where the source was seen with its guest`() {
        var driver = Self.driver(.storage)
        Self.make(&driver)
        _ = driver.send(.migrationEnded(1, nil, failure: "link lost"))
        #expect(driver.verify(1, .unknown, .absent) == [.look(1, .verify, afterMilliseconds: 2000)])
        #expect(
            driver.verify(1, .running, .absent) == [
                .record(.settling(1, .removeTargetImages)), .settle(1, .removeTargetImages),
            ])
        _ = driver.send(.settled(1, .removeTargetImages, failure: nil))
        #expect(
            driver.verify(1, .running, .absent).contains(
                .record(.attemptFailed(1, attempt: 1, error: "link lost"))))
    }

    @Test func `a copy that cannot be removed is named, and the run goes on`() {
        var driver = Self.driver(.storage)
        Self.make(&driver)
        _ = driver.send(.migrationEnded(1, nil, failure: "link lost"))
        for _ in 0..<3 {
            _ = driver.verify(1, .running, .absent)
            _ = driver.send(.settled(1, .removeTargetImages, failure: "denied"))
        }
        let failed = driver.verify(1, .running, .absent)
        #expect(
            failed.contains(
                .record(
                    .attemptFailed(
                        1, attempt: 1,
                        error: "denied; /local/vm1.qcow2 is left on host2"))))
    }

    @Test func `a cold move ends where the guest runs again`() {
        var driver = Self.driver(.offline)
        _ = Self.begin(&driver)
        let moved = MigrationStatistics(durationMilliseconds: 900, downtimeMilliseconds: 500)
        _ = driver.send(.migrationEnded(1, moved, failure: nil))
        #expect(
            driver.verify(1, .absent, .inactive) == [
                .record(.settling(1, .startTarget)), .settle(1, .startTarget),
            ])
        _ = driver.send(.settled(1, .startTarget, failure: nil))
        for _ in 0..<3 { _ = driver.verify(1, .absent, .running) }
        _ = driver.send(.settled(1, .removeSourceImages, failure: nil))
        #expect(driver.verify(1, .absent, .running).outcome?.state == .done)
    }

    @Test func `a guest that was shut down in vain is started where it was`() {
        var driver = Self.driver(.offline)
        Self.make(&driver)
        _ = driver.send(.migrationEnded(1, nil, failure: "the target's disk is full"))
        #expect(
            driver.verify(1, .inactive, .absent) == [
                .record(.settling(1, .startSource)), .settle(1, .startSource),
            ])
        _ = driver.send(.settled(1, .startSource, failure: nil))
        #expect(
            driver.verify(1, .running, .absent) == [
                .record(.settling(1, .removeTargetImages)), .settle(1, .removeTargetImages),
            ])
    }

    @Test func `one that does not go down keeps running and is not touched`() {
        var driver = Self.driver(.offline)
        _ = Self.begin(&driver, StepPreparation(wasRunning: true))
        let error = "it did not shut down within 120 s"
        _ = driver.send(.migrationEnded(1, nil, failure: StepFailure(error)))
        let end = driver.verify(1, .running, .absent)
        #expect(end.first == .record(.attemptFailed(1, attempt: 1, error: error)))
        #expect(!end.contains { if case .settle = $0 { true } else { false } })
    }

    @Test func `what does not start on the target goes back and is started there`() {
        var driver = Self.driver(.offline)
        _ = Self.begin(&driver, StepPreparation(wasRunning: true))
        _ = driver.send(.migrationEnded(1, nil, failure: nil))
        for _ in 0..<3 {
            #expect(driver.verify(1, .absent, .inactive).last == .settle(1, .startTarget))
            _ = driver.send(.settled(1, .startTarget, failure: "no such CPU"))
        }
        #expect(driver.verify(1, .absent, .inactive).last == .settle(1, .returnDefinition))
        _ = driver.send(.settled(1, .returnDefinition, failure: "link lost"))
        #expect(driver.verify(1, .absent, .inactive).last == .settle(1, .returnDefinition))
        _ = driver.send(.settled(1, .returnDefinition, failure: nil))
        #expect(driver.verify(1, .inactive, .inactive).last == .settle(1, .undefineTarget))
        _ = driver.send(.settled(1, .undefineTarget, failure: nil))
        #expect(driver.verify(1, .inactive, .absent).last == .settle(1, .startSource))
        _ = driver.send(.settled(1, .startSource, failure: nil))
        #expect(
            driver.verify(1, .running, .absent).contains {
                if case .record(.attemptFailed) = $0 { true } else { false }
            })
    }

    /// After a kill -9 the journal alone must lead each picture to an end.
    @Test func `a crash in each phase is taken up`() {
        let pictures: [(DomainSighting, DomainSighting, Directive)] = [
            (.inactive, .absent, .settle(1, .startSource)),
            (.absent, .inactive, .settle(1, .startTarget)),
            (.running, .absent, .settle(1, .removeTargetImages)),
            (.inactive, .inactive, .settle(1, .undefineTarget)),
        ]
        for (source, target, expected) in pictures {
            var driver = Self.driver(.offline)
            Self.make(&driver)
            driver.crash()
            _ = driver.send(.begin)
            #expect(driver.verifyUntilLate(1, source, target).last == expected)
        }
    }

    @Test func `of a domain that does not run only the definition goes`() {
        var driver = Self.driver(.offline, isShutOff: true)
        _ = driver.send(.begin)
        #expect(driver.preflight(1, .inactive) == [.prepare(1)])
        let off = StepPreparation(images: [Self.image], wasRunning: false)
        _ = driver.send(.surveyed(1, off, reason: nil))
        _ = driver.send(.migrationEnded(1, nil, failure: nil))
        let end = driver.verify(1, .absent, .inactive)
        let note = "/local/vm1.qcow2 is left on host1"
        #expect(end.first == .record(.arrived(1, nil, note: note)))
        var failed = Self.driver(.offline, isShutOff: true)
        _ = failed.send(.begin)
        _ = failed.preflight(1, .inactive)
        _ = failed.send(.surveyed(1, off, reason: nil))
        _ = failed.send(.made(1, path: Self.image.path))
        _ = failed.send(.migrationEnded(1, nil, failure: "no"))
        #expect(failed.verify(1, .inactive, .absent).last == .settle(1, .removeTargetImages))
    }

    @Test func `one that was started meanwhile is not stopped to move it`() {
        var driver = Self.driver(.offline, isShutOff: true)
        _ = driver.send(.begin)
        let end = driver.preflight(1, .running)
        #expect(!end.contains(.prepare(1)))
        #expect(driver.state.step(1)?.status.word == "skipped")
    }
}
