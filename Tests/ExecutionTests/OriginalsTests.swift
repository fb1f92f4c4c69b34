import ClusterModel
import Execution
import Testing

/// Cold moves keep what the guest had until it surely runs from its copies.
struct OriginalsTests {
    static let tpm = DiskImage(
        disk: DiskImage.tpm, path: "/tpm/id-1/tpm2-00.permall", pool: nil,
        volume: "tpm2-00.permall", format: "raw", capacity: 1, length: 1, allocation: 1)
    static let preparation = StepPreparation(
        images: [ImageStepTests.image, tpm], wasRunning: true)

    /// Until the target has the definition and the source has none.
    static func handedOver(route: MigrationOptions.Route = .automatic) -> MachineDriver {
        var step = Example.step(1)
        step.mode = .offline
        step.copies = ["vda"]
        var plan = Example.plan([step], attempts: 1)
        plan.options.route = route
        var driver = MachineDriver(plan)
        let begun = ImageStepTests.begin(&driver, preparation)
        #expect(begun.last == .migrate(1))
        for image in preparation.images { _ = driver.send(.made(1, path: image.path)) }
        _ = driver.send(.migrationEnded(1, nil, failure: nil))
        #expect(driver.verify(1, .inactive, .inactive).last == .settle(1, .undefineSource))
        _ = driver.send(.settled(1, .undefineSource, failure: nil))
        #expect(driver.verify(1, .absent, .inactive).last == .settle(1, .startTarget))
        return driver
    }

    /// Until it was started there.
    static func started() -> MachineDriver {
        var driver = handedOver()
        _ = driver.send(.settled(1, .startTarget, failure: nil))
        return driver
    }

    @Test(arguments: [MigrationOptions.Route.automatic, .managed])
    func `a guest with a TPM moves cold by every route`(route: MigrationOptions.Route) {
        var driver = Self.handedOver(route: route)
        let again = driver.send(.settled(1, .startTarget, failure: nil))
        #expect(again == [.look(1, .verify, afterMilliseconds: 0)])
    }

    @Test func `a definition that did not leave goes away on the target`() {
        for failure in [StepFailure("disk1 changed while it was copied"), "denied"] {
            var driver = ImageStepTests.driver(.offline)
            _ = ImageStepTests.begin(&driver, Self.preparation)
            _ = driver.send(.migrationEnded(1, nil, failure: nil))
            _ = driver.verify(1, .inactive, .inactive)
            _ = driver.send(.settled(1, .undefineSource, failure: failure))
            #expect(driver.verify(1, .inactive, .inactive).last == .settle(1, .undefineTarget))
            _ = driver.send(.settled(1, .undefineTarget, failure: nil))
            #expect(driver.verify(1, .inactive, .absent).last == .settle(1, .startSource))
        }
    }

    /// Nobody flushes the files of a TPM: twelve looks, five seconds apart.
    @Test func `originals go a minute after the guest runs`() {
        var driver = Self.started()
        for _ in 0..<12 {
            #expect(
                driver.verify(1, .absent, .running).last
                    == .look(1, .verify, afterMilliseconds: 5000))
        }
        #expect(driver.verify(1, .absent, .running) == [.look(1, .verify, afterMilliseconds: 0)])
        #expect(driver.verify(1, .absent, .running).last == .settle(1, .removeSourceImages))
    }

    @Test func `they stay where their copies are not surely on the disk`() {
        var driver = ImageStepTests.driver(.storage)
        driver.copyDoubt = "the guest has not flushed /local/vm1.qcow2"
        _ = ImageStepTests.begin(&driver)
        _ = driver.send(.migrationEnded(1, nil, failure: nil))
        _ = driver.verify(1, .absent, .running)
        for _ in 0..<30 {
            #expect(
                driver.verify(1, .absent, .running) == [
                    .look(1, .verify, afterMilliseconds: 2000)
                ])
        }
        let end = driver.verify(1, .absent, .running)
        #expect(!end.contains(.settle(1, .removeSourceImages)))
        guard case .record(.arrived(1, _, let note)) = end.first else {
            Issue.record("\(end)")
            return
        }
        #expect(note?.contains("/local/vm1.qcow2 is left on host1") == true)
        #expect(note?.contains("virsh vol-delete vm1.qcow2 --pool local") == true)
        #expect(note?.contains("has not flushed") == true)
    }

    @Test func `whoever aborts the run does not wait for the disk`() {
        var driver = Self.started()
        _ = driver.verify(1, .absent, .running)
        _ = driver.send(.abort(reason: "aborted"))
        let end = driver.verify(1, .absent, .running)
        #expect(end.outcome?.state == .failed)
        guard case .record(.arrived(1, _, let note)) = end.first else {
            Issue.record("\(end)")
            return
        }
        #expect(note?.contains("rm -- /tpm/id-1/tpm2-00.permall") == true)
    }

    @Test func `steps go on while another waits for the disk`() {
        var steps = [Example.step(1), Example.step(2, after: [1]), Example.step(3)]
        steps[0].mode = .offline
        var driver = MachineDriver(Example.plan(steps, perHost: 1, fleet: 1))
        _ = ImageStepTests.begin(&driver, Self.preparation)
        _ = driver.send(.migrationEnded(1, nil, failure: nil))
        let answer = driver.verify(1, .absent, .running)
        #expect(answer.starting == [2])
    }

    @Test func `what its owner shuts down after it arrived stays down`() {
        var driver = Self.started()
        _ = driver.verify(1, .absent, .running)
        let end = driver.verify(1, .absent, .inactive)
        #expect(!end.contains { if case .settle = $0 { true } else { false } })
        guard case .record(.arrived(1, _, let note)) = end.first else {
            Issue.record("\(end)")
            return
        }
        #expect(note?.contains("was shut down on host2 since") == true)
        #expect(note?.contains("is left on host1") == true)
    }

    /// The target may have lost its power, and the copies with it.
    @Test func `a target that was away before its copies were on the disk is for a person`() {
        var driver = Self.started()
        _ = driver.verify(1, .absent, .running)
        for _ in 0..<2 { _ = driver.verify(1, .absent, .unknown) }
        var up = driver
        let halted = driver.verify(1, .absent, .inactive)
        #expect(halted.outcome?.state == .halted)
        #expect(halted.outcome?.reason?.contains("may be damaged") == true)
        // Whoever started it again: its originals stay.
        let end = up.verify(1, .absent, .running)
        #expect(end.first.map { "\($0)" }?.contains("did not respond before") == true)
        #expect(!end.contains(.settle(1, .removeSourceImages)))
    }

    @Test func `a copy that differs before the first start sends the guest back`() {
        var driver = Self.handedOver()
        let differs = StepFailure("it differs", kind: .copyDiffers)
        _ = driver.send(.settled(1, .startTarget, failure: differs))
        #expect(driver.verify(1, .absent, .inactive).last == .settle(1, .returnDefinition))
    }

    /// What it wrote there would be lost.
    @Test func `a guest that may have run on the target does not go back`() {
        let answers: [StepFailure?] = [
            nil, StepFailure("no reply", kind: .unanswered), StepFailure("no reply"),
        ]
        for (number, answer) in answers.enumerated() {
            var driver = Self.handedOver()
            for _ in 0..<2 {
                _ = driver.send(.settled(1, .startTarget, failure: answer))
                #expect(driver.verify(1, .absent, .inactive).last == .settle(1, .startTarget))
            }
            _ = driver.send(.settled(1, .startTarget, failure: answer))
            let end = driver.verify(1, .absent, .inactive)
            #expect((end.outcome?.state == .halted) == (number < 2), "\(end)")
            #expect(end.contains(.settle(1, .returnDefinition)) == (number == 2))
        }
    }

    @Test func `after a crash a copy that differs is for a person`() {
        var driver = Self.handedOver()
        driver.crash()
        _ = driver.send(.begin)
        #expect(driver.verify(1, .absent, .inactive).last == .settle(1, .startTarget))
        let differs = StepFailure("it differs", kind: .copyDiffers)
        _ = driver.send(.settled(1, .startTarget, failure: differs))
        let end = driver.verify(1, .absent, .inactive)
        #expect(end.outcome?.state == .halted)
        #expect(end.outcome?.reason?.contains("it differs") == true)
    }
}
