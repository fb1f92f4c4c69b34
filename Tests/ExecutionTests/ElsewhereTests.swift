import ClusterModel
import Execution
import Testing

/// No guest is woken, or shut down for its move, while another host may have it.
struct ElsewhereTests {
    static let doubts: [DomainSighting] = [
        DomainSighting(.unknown, detail: "no route"), .running, .inactive,
        DomainSighting(.paused), DomainSighting(.pausedByMigration),
    ]

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

    @Test(arguments: doubts)
    func `nobody is shut down while another host is in doubt`(doubt: DomainSighting) {
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
}
