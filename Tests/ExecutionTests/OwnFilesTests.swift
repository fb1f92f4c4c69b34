import ClusterModel
import Execution
import Testing

/// Only files that the journal says this run made are removed from a target.
struct OwnFilesTests {
    static let images = ["/local/a.qcow2", "/local/b.qcow2"].map { path in
        var image = ImageStepTests.image
        image.path = path
        return image
    }
    static let preparation = StepPreparation(images: images, wasRunning: true)

    /// Until its migration has failed.
    static func failed(_ mode: Step.Mode, made: [String]) -> MachineDriver {
        var driver = ImageStepTests.driver(mode)
        _ = ImageStepTests.begin(&driver, preparation)
        for path in made {
            #expect(driver.send(.made(1, path: path)) == [.record(.made(1, path: path))])
        }
        _ = driver.send(.migrationEnded(1, nil, failure: "b came to lie there"))
        return driver
    }

    @Test(arguments: [Step.Mode.storage, .offline])
    func `what was not made is not removed`(mode: Step.Mode) {
        var driver = Self.failed(mode, made: [])
        let directives = driver.verify(1, .running, .absent)
        #expect(!directives.contains { if case .settle = $0 { true } else { false } })
        // The error names it already: nobody needs telling of a file that was never made.
        #expect(
            directives.first
                == .record(.attemptFailed(1, attempt: 1, error: "b came to lie there")))
    }

    @Test(arguments: [Step.Mode.storage, .offline])
    func `of two files only the one that was made is removed`(mode: Step.Mode) {
        var driver = Self.failed(mode, made: ["/local/a.qcow2"])
        #expect(driver.verify(1, .running, .absent).last == .settle(1, .removeTargetImages))
        #expect(driver.state.step(1)?.madeImages.map(\.path) == ["/local/a.qcow2"])
        _ = driver.send(.settled(1, .removeTargetImages, failure: nil))
        #expect(driver.state.step(1)?.madeImages.isEmpty == true)
    }

    /// Whoever removed what was made can be killed before it has named the rest.
    @Test func `a file that nobody claims is named after the others were removed too`() {
        var driver = Self.failed(.offline, made: ["/local/a.qcow2"])
        driver.crash(takenUpTo: .abort)
        _ = driver.send(.begin)
        #expect(driver.verify(1, .running, .absent).last == .settle(1, .removeTargetImages))
        _ = driver.send(.settled(1, .removeTargetImages, failure: nil))
        driver.crash(takenUpTo: .abort)
        _ = driver.send(.begin)
        let directives = driver.verify(1, .running, .absent)
        guard case .record(.attemptFailed(_, _, let error)) = directives.first else {
            Issue.record("\(directives)")
            return
        }
        #expect(error.contains("files at /local/b.qcow2 on host2, if any, were left"))
    }

    @Test func `a crash before the first file leaves what was put there since`() {
        var driver = ImageStepTests.driver(.offline)
        _ = ImageStepTests.begin(&driver, Self.preparation)
        driver.crash(takenUpTo: .abort)
        _ = driver.send(.begin)
        let directives = driver.verify(1, .running, .absent)
        #expect(!directives.contains { if case .settle = $0 { true } else { false } })
        guard case .record(.attemptFailed(_, _, let error)) = directives.first else {
            Issue.record("\(directives)")
            return
        }
        #expect(
            error == "the migration was interrupted; files at /local/a.qcow2, "
                + "/local/b.qcow2 on host2, if any, were left: the journal does not say that this "
                + "run made them")
    }

    @Test func `a crash after the first file removes that one and names the other`() {
        var driver = ImageStepTests.driver(.storage)
        _ = ImageStepTests.begin(&driver, Self.preparation)
        _ = driver.send(.made(1, path: "/local/a.qcow2"))
        driver.crash(takenUpTo: .abort)
        _ = driver.send(.begin)
        #expect(driver.verify(1, .running, .absent).last == .settle(1, .removeTargetImages))
        #expect(driver.state.step(1)?.madeImages.map(\.path) == ["/local/a.qcow2"])
        _ = driver.send(.settled(1, .removeTargetImages, failure: nil))
        let end = driver.verify(1, .running, .absent)
        guard case .record(.attemptFailed(_, _, let error)) = end.first else {
            Issue.record("\(end)")
            return
        }
        #expect(error.contains("/local/b.qcow2 on host2, if any, were left"))
        #expect(!error.contains("/local/a.qcow2"))
    }

    @Test func `what an attempt before this one made is not this one's`() {
        var driver = Self.failed(.storage, made: ["/local/a.qcow2"])
        // It could not be removed, and somebody else has taken its place since.
        for _ in 0..<3 {
            _ = driver.verify(1, .running, .absent)
            _ = driver.send(.settled(1, .removeTargetImages, failure: "denied"))
        }
        _ = driver.verify(1, .running, .absent)
        let again = JournalEvent.preparing(1, Self.preparation)
        var state = driver.state
        state.apply(again, at: Example.time)
        #expect(state.step(1)?.madeImages.isEmpty == true)
    }
}
