import ClusterModel
import Execution
import Testing

/// Other controllers and other people's migrations, as the run machine meets them.
struct OtherHandsTests {
    private static let plan = Example.plan([Example.step(1), Example.step(2)], attempts: 3)

    private func takenUp() -> MachineDriver {
        var driver = MachineDriver(Self.plan)
        _ = driver.send(.begin)
        _ = driver.preflight(1)
        driver.crash()
        _ = driver.send(.begin)
        return driver
    }

    /// Our own would be known to the target.
    @Test func anothersMigrationIsNeitherAbortedNorWaitedForLong() {
        var driver = takenUp()
        var directives = driver.verify(1, .migrating, .absent)
        var looks = 1
        while directives.outcome == nil, looks < 100 {
            #expect(!directives.contains(.abort(1)))
            directives = driver.verify(1, .migrating, .absent)
            looks += 1
        }
        #expect(directives.outcome?.state == .halted)
        #expect(directives.outcome?.reason?.contains("someone else migrates it from host1") == true)
        #expect(looks < 40)
    }

    @Test func anAbortDoesNotEndIt() {
        var driver = takenUp()
        _ = driver.verify(1, .migrating, .absent)
        #expect(!driver.send(.abort(reason: "a person aborts")).contains(.abort(1)))
        #expect(!driver.verify(1, .migrating, .absent).contains(.abort(1)))
    }

    /// Ours left its definition on the target, and had ended: of one under way the target has a
    /// process.
    @Test func anAbortDoesNotEndThatOfAGuestWhoseDefinitionOursLeft() {
        var driver = takenUp()
        _ = driver.verify(1, .migrating, .inactive)
        #expect(!driver.send(.abort(reason: "a person aborts")).contains(.abort(1)))
        #expect(!driver.verify(1, .migrating, .inactive).contains(.abort(1)))
    }

    /// It ran on both hosts when another began to migrate it: ours would have paused it here.
    @Test func anAbortDoesNotEndThatOfAGuestThatRunsTwice() {
        var driver = takenUp()
        _ = driver.verify(1, .migrating, .running)
        #expect(!driver.send(.abort(reason: "a person aborts")).contains(.abort(1)))
        #expect(!driver.verify(1, .migrating, .running).contains(.abort(1)))
    }

    @Test func ourOwnIsStillEnded() {
        var driver = takenUp()
        _ = driver.verify(1, .migrating, .incoming)
        #expect(driver.send(.abort(reason: "a person aborts")).contains(.abort(1)))
    }

    /// It had just begun when we looked first.
    @Test func oneThatTheTargetComesToKnowIsOurs() {
        var driver = takenUp()
        _ = driver.verify(1, .migrating, .absent)
        _ = driver.verify(1, .migrating, .incoming)
        #expect(driver.send(.abort(reason: "a person aborts")).contains(.abort(1)))
    }

    @Test func aHostThatIsLostToAnotherControllerStopsTheRun() {
        var driver = MachineDriver(Self.plan)
        _ = driver.send(.begin)
        _ = driver.preflight(1)
        _ = driver.preflight(2)
        let failure = StepFailure("another controller has begun: host2: x", kind: .hostLeased)
        let directives = driver.send(.migrationEnded(1, nil, failure: failure))
        #expect(directives.contains(.record(.stopping(reason: failure.message))))
        let after = driver.verify(1, .running, .absent)
        #expect(!after.contains { if case .migrate = $0 { true } else { false } })
        // The other one is under way and is waited for.
        #expect(after.outcome == nil)
        _ = driver.send(.migrationEnded(2, nil, failure: nil))
        #expect(driver.verify(2, .absent, .running).outcome?.state == .failed)
    }

    @Test func theFirstPlanSaysWhichMachinesTheHostsAre() {
        var (first, second) = (Self.plan, Self.plan)
        first.origin.hostUUIDs = ["host1": "a", "host2": "b"]
        second.origin.hostUUIDs = ["host2": "other", "host3": "c"]
        var state = RunState(plan: first)
        state.apply(.planned(first, goal: .forward), at: Example.time)
        state.apply(.planned(second, goal: .forward), at: Example.time)
        #expect(state.hostUUIDs == ["host1": "a", "host2": "b", "host3": "c"])
    }
}
