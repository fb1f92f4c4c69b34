import ClusterModel
import Execution
import Testing

/// A host that is put in maintenance while a run goes on.
struct ClosedHostTests {
    @Test func `a step to a closed host is given up at once and the rest is planned around it`() {
        let steps = [Example.step(1), Example.step(2), Example.step(3, to: "host3")]
        var driver = MachineDriver(Example.plan(steps, attempts: 3, perHost: 1))
        #expect(driver.send(.begin).starting == [1])
        _ = driver.preflight(1)
        let error = "it was not started: host2 is in maintenance"
        let closed = StepFailure(error, kind: .targetClosed)
        _ = driver.send(.migrationEnded(1, nil, failure: closed))
        let end = driver.verify(1, .running, .absent)
        #expect(end.contains(.record(.failed(1, error: error))))
        // Not one after the other, each to be given up in its turn.
        #expect(
            end.last
                == .plan(
                    goal: .forward,
                    without: [
                        Exclusion(domain: "id-2", target: "host2"),
                        Exclusion(domain: "id-1", target: "host2"),
                    ]))
    }

    @Test func `a target that failed otherwise is tried again`() {
        var driver = MachineDriver(Example.plan([Example.step(1)], attempts: 2))
        _ = driver.send(.begin)
        driver.migrate(1, error: "it was not started: host2 is in maintenance")
        #expect(
            driver.verify(1, .running, .absent).last
                == .look(1, .preflight, afterMilliseconds: 2000))
    }
}
