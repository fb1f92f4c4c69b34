import ClusterModel
import Execution
import Testing

/// Requests to stop or to change a migration that are refused.
struct StopRequestTests {
    private func migrating() -> MachineDriver {
        var driver = MachineDriver(Example.plan([Example.step(1)], attempts: 1))
        _ = driver.send(.begin)
        _ = driver.preflight(1)
        return driver
    }

    @Test
    func `an abort that is refused is repeated while the migration goes on, up to a bound`() {
        var driver = migrating()
        #expect(driver.send(.abort(reason: "asked")).last == .abort(1))
        var requests = 1
        while driver.send(.abortFailed(1, error: "no job")).contains(.abort(1)) { requests += 1 }
        #expect(requests == RunMachine.Bounds().aborts)
        // Its watch may ask again.
        #expect(driver.send(.overdue(1, reason: "stalls")).last == .abort(1))
    }

    @Test func `the refusal is told when nothing more comes of it`() {
        var driver = migrating()
        _ = driver.send(.overdue(1, reason: "stalls"))
        var told: [String] = []
        for _ in 0..<30 { told.append(driver.send(.abortFailed(1, error: "no job")).words) }
        #expect(told.filter { !$0.isEmpty } == ["abort of step 1: no job"])
        _ = driver.send(.migrationEnded(1, nil, failure: "aborted"))
        #expect(driver.send(.abortFailed(1, error: "no job")).words == "abort of step 1: no job")
    }

    @Test func `a change that is refused is told and harms nothing`() {
        var driver = migrating()
        let change = MigrationAdjustment.allowDowntime(milliseconds: 500)
        let directives = driver.send(.adjustFailed(1, change, error: "busy"))
        #expect(directives.words.contains("busy"))
        #expect(!directives.contains(.abort(1)))
    }

    @Test(arguments: [MigrationAdjustment.startPostcopy, .suspendGuest])
    func `without the policy's last word the migration is ended for good`(
        change: MigrationAdjustment
    ) {
        var driver = migrating()
        #expect(driver.send(.adjustFailed(1, change, error: "busy")).contains(.abort(1)))
        _ = driver.send(.migrationEnded(1, nil, failure: "aborted"))
        let end = driver.verify(1, .running, .absent)
        // No other target would help.
        #expect(
            end.last
                == .plan(goal: .forward, without: [Exclusion(domain: "id-1", target: nil)]))
    }

    @Test func `what comes after the end of the migration changes nothing`() {
        var driver = migrating()
        _ = driver.send(.migrationEnded(1, nil, failure: "aborted"))
        #expect(driver.send(.adjustFailed(1, .startPostcopy, error: "no job")).isEmpty)
        #expect(driver.send(.nonConverging(1, reason: "late")).isEmpty)
    }
}
