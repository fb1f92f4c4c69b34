import ClusterModel
import Execution
import Testing

/// What starts with its host does so where it is in the end, however it came there.
struct AutostartTests {
    static let down = DomainSighting(.inactive, isPersistent: true)

    private func driver(isShutOff: Bool = false) -> MachineDriver {
        var step = Example.step(1)
        step.mode = .offline
        step.isShutOff = isShutOff
        var driver = MachineDriver(Example.plan([step], attempts: 1))
        _ = driver.send(.begin)
        let presence = isShutOff ? DomainSighting.Presence.inactive : .running
        _ = driver.preflight(1, DomainSighting(presence, isPersistent: true, autostart: true))
        _ = driver.send(
            .surveyed(1, StepPreparation(wasRunning: !isShutOff), reason: nil))
        _ = driver.send(.migrationEnded(1, nil, failure: nil))
        return driver
    }

    @Test func `a definition that moved is told to start with its host`() {
        var driver = driver(isShutOff: true)
        #expect(driver.verify(1, .absent, Self.down).last == .settle(1, .setAutostart))
    }

    @Test func `a definition that came back is told so on its source`() {
        var driver = driver()
        for _ in 0..<3 {
            #expect(driver.verify(1, .absent, Self.down).last == .settle(1, .startTarget))
            _ = driver.send(.settled(1, .startTarget, failure: "no such CPU"))
        }
        #expect(driver.verify(1, .absent, Self.down).last == .settle(1, .returnDefinition))
        _ = driver.send(.settled(1, .returnDefinition, failure: nil))
        #expect(driver.verify(1, Self.down, .absent).last == .settle(1, .startSource))
        _ = driver.send(.settled(1, .startSource, failure: nil))
        let running = DomainSighting(.running, isPersistent: true)
        #expect(driver.verify(1, running, .absent).last == .settle(1, .setSourceAutostart))
        _ = driver.send(.settled(1, .setSourceAutostart, failure: nil))
        let mended = DomainSighting(.running, isPersistent: true, autostart: true)
        #expect(driver.verify(1, mended, .absent).first?.isFailedAttempt == true)
    }

    /// A person may have switched it off.
    @Test func `a guest that never left is left alone`() {
        var driver = driver()
        let running = DomainSighting(.running, isPersistent: true)
        #expect(driver.verify(1, running, .absent).first?.isFailedAttempt == true)
    }

    @Test func `every note of an attempt is kept`() {
        var driver = MachineDriver(Example.plan([Example.step(1)], attempts: 1))
        _ = driver.send(.begin)
        driver.migrate(1)
        let paused = DomainSighting(.pausedByMigration, isPersistent: true)
        let running = DomainSighting(.running, isPersistent: true)
        _ = driver.verify(1, paused, running)
        _ = driver.send(.settled(1, .destroyPausedSource, failure: nil))
        _ = driver.verify(1, Self.down, running)
        _ = driver.send(.settled(1, .undefineSource, failure: nil))
        let note =
            "the source's paused copy was removed; the definition left on the source was removed"
        #expect(
            driver.verify(1, .absent, running).contains(
                .record(.arrived(1, nil, note: note))))
    }
}

extension Directive {
    fileprivate var isFailedAttempt: Bool {
        if case .record(.attemptFailed) = self { true } else { false }
    }
}
