import ClusterModel
import Execution
import TestSupport
import Testing

@testable import KVMBalanceCommands
@testable import Rendering

/// How long a run still takes, by what is seen of it.
struct RemainingTimeTests {
    private let start = Timestamp(seconds: 1_700_000_000)

    /// Two steps one after the other, 2 s each by the plan.
    private func state() -> RunState {
        var plan = MigrationPlan.ofTwoSteps
        plan.steps[1].estimate.startMilliseconds = 2000
        var state = RunState(plan: plan)
        state.apply(.planned(plan, goal: .forward), at: start)
        return state
    }

    private func begin(_ id: StepID, _ state: inout RunState, at seconds: Int64) {
        state.apply(
            .intent(id, attempt: 1, persistent: true, autostart: false), at: time(seconds))
    }

    private func time(_ seconds: Int64) -> Timestamp {
        start.advanced(byMilliseconds: seconds * 1000)
    }

    @Test func beforeAnythingIsSeenItIsTheEstimate() {
        var state = state()
        let before = RemainingTime(of: state, [:], at: start)
        #expect(before.milliseconds == 4000 && !before.isSeen && before.fraction == 0)
        begin(1, &state, at: 0)
        let later = RemainingTime(of: state, [:], at: time(1))
        #expect(later.milliseconds == 3000 && !later.isSeen && later.fraction == 0.25)
    }

    /// The link is a twentieth of what the fleet file says.
    @Test func aSlowMigrationStretchesTheRest() {
        var state = state()
        begin(1, &state, at: 0)
        let progress = MigrationProgress(
            remaining: Bytes(45 << 20), total: Bytes(60 << 20), rate: Bytes(3 << 19))
        let rest = RemainingTime(of: state, [1: progress], at: time(10))
        // 30 s for what is left of this one, and 40 s for the next.
        #expect(rest.milliseconds == 70_000 && rest.isSeen)
        #expect(rest.fraction == 0.125)
    }

    @Test func theNextIsJudgedByTheOneBefore() {
        var state = state()
        begin(1, &state, at: 0)
        state.apply(.arrived(1, nil, note: nil), at: time(40))
        let rest = RemainingTime(of: state, [:], at: time(40))
        #expect(rest.milliseconds == 40_000 && rest.isSeen && rest.fraction == 0.5)
    }

    @Test func itNeverSaysNothingWhileSomethingRuns() {
        var state = state()
        begin(1, &state, at: 0)
        state.apply(.arrived(1, nil, note: nil), at: time(2))
        begin(2, &state, at: 2)
        let progress = MigrationProgress(
            remaining: Bytes(10 << 20), total: Bytes(100 << 20), rate: Bytes(1 << 20))
        let rest = RemainingTime(of: state, [2: progress], at: time(60))
        #expect(rest.milliseconds >= 10_000)
    }
}

extension MigrationPlan {
    fileprivate static var ofTwoSteps: MigrationPlan {
        var plan = Example.plan(steps: 2)
        for index in plan.steps.indices {
            plan.steps[index].estimate = StepEstimate(durationMilliseconds: 2000)
        }
        return plan
    }
}
