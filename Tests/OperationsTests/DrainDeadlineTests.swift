import Actuation
import ClusterModel
import Execution
import Persistence
import Synchronization
import TestSupport
import Testing

@testable import Operations

/// `--deadline`: how it is read, what is refused for it, and what a run that is late says.
struct DrainDeadlineTests {
    /// An hour east of Greenwich.
    private static let minuteOfDay: @Sendable (Timestamp) -> Int = { time in
        Int((time.milliseconds / 60_000 + 60) % 1440)
    }
    private let now = Timestamp("2026-11-21T20:30:10Z") ?? Timestamp(seconds: 0)

    private func deadline(_ text: String) throws -> DrainDeadline {
        try DrainDeadline(text, at: now, minuteOfDay: Self.minuteOfDay)
    }

    @Test(arguments: [
        ("22:00", "2026-11-21T21:00:00Z"), ("21:31", "2026-11-21T20:31:00Z"),
        ("3:00", "2026-11-22T02:00:00Z"), ("09:30", "2026-11-22T08:30:00Z"),
        ("45m", "2026-11-21T21:15:10Z"), ("2h", "2026-11-21T22:30:10Z"),
        ("2026-11-22T04:00:00Z", "2026-11-22T04:00:00Z"),
    ])
    func itIsATimeOfDayAMomentOrADuration(_ text: String, _ time: String) throws {
        #expect(try deadline(text).time.description == time)
    }

    @Test(arguments: [
        ("21:30", "was 10.0 s ago"), ("21:00", "was 30 min 10 s ago"),
        // What can be typed instead.
        ("21:00", "for the next one, --deadline 2026-11-22T20:00:00Z"),
        // Rather that of this morning than that of tomorrow.
        ("09:31", "was 11 h 59 min ago"), ("2026-11-21T20:30:10Z", "was 0.0 s ago"),
        ("2025-01-01T00:00:00Z", "ago"), ("0m", "was 0.0 s ago"), ("soon", "is not a time of day"),
        ("24:00", "is not a time of day"), ("22:60", "is not"), ("22", "is not"),
        ("-5m", "is not"), ("", "is not"), ("22:00:00", "is not"), ("+5:00", "is not"),
    ])
    func whatIsOverOrNoTimeIsRefused(_ text: String, _ said: String) {
        let error = #expect(throws: CommandError.self) { try deadline(text) }
        #expect(error?.exit == .usage && error?.message.contains(said) == true, "\(error as Any)")
    }

    /// The clock on the wall goes from 1:59 to 3:00.
    @Test func aClockThatIsPutForwardIsFollowed() throws {
        let switching = Timestamp("2026-03-29T01:00:00Z") ?? now
        let deadline = try DrainDeadline(
            "04:00", at: Timestamp("2026-03-29T00:10:00Z") ?? now
        ) { time in
            Int((time.milliseconds / 60_000 + (time < switching ? 60 : 120)) % 1440)
        }
        #expect(deadline.time.description == "2026-03-29T02:00:00Z")
        #expect(deadline.clock(deadline.time) == "04:00")
    }

    @Test func theErrorsOfAllEstimatesCount() {
        var plan = MigrationPlan.ofTwoSteps
        plan.makespanMilliseconds = 10_000
        for (index, high) in [(0, Int64(9000)), (1, 3000)] {
            let duration = StepPrediction.Range(low: 1000, high: high)
            plan.steps[index].estimate = StepEstimate(
                startMilliseconds: Int64(index) * 5000, durationMilliseconds: 5000)
            plan.steps[index].estimate.prediction = StepPrediction(
                duration: duration, downtime: duration, transferred: duration, ending: .converges,
                memory: .zero, dirtyRates: nil, linkRate: .zero, jobs: 0)
        }
        // 14 s of 10 for both, and no less than was estimated.
        #expect(plan.makespanRange == StepPrediction.Range(low: 2000, high: 14_000))
        plan.steps[1].estimate.prediction?.duration.high = 40_000
        #expect(plan.makespanRange.high == 49_000)
        // Two at once: neither is over before the longer one.
        plan.makespanMilliseconds = 5000
        plan.steps[1].estimate.startMilliseconds = 0
        #expect(plan.makespanRange.high == 40_000)
        plan.makespanMilliseconds = 10_000
        plan.steps = []
        #expect(plan.makespanRange == StepPrediction.Range(low: 10_000, high: 10_000))
    }

    // MARK: Before it begins

    private let drain = PlanGoal.drain(["host1"], bestEffort: false)

    private func plans(_ ground: GoalOperationTests.Ground) async throws -> PlanService {
        try await PlanService(
            ground.observer, ground.policies,
            PlanningChoices(
                policy: nil, snapshot: nil, seed: 0, bestEffort: false, migration: { $0 }))
    }

    private func deadline(
        in milliseconds: Int64, _ ground: GoalOperationTests.Ground
    ) throws -> DrainDeadline {
        let now = ground.observer.now()
        return try DrainDeadline(
            now.advanced(byMilliseconds: milliseconds).description, at: now,
            minuteOfDay: Self.minuteOfDay)
    }

    @Test func whatFitsIsSaidAndDone() async throws {
        let ground = GoalOperationTests.Ground()
        let plans = try await plans(ground)
        let plan = try await plans.plan(drain)
        let high = plan.makespanRange.high
        #expect(high > plan.makespanMilliseconds, "\(plan.makespanRange)")
        let held = try await plans.held(plan, to: try deadline(in: high, ground), for: drain)
        #expect(held == plan)
        let said = ground.listener.words.last ?? ""
        #expect(said.hasPrefix("note: by ") && said.contains("and will be over at "), "\(said)")
        // Its estimate alone would be in time.
        let late = try await plans.held(
            plan, to: try deadline(in: high - 1, ground), for: drain)
        #expect(late.outcome == .infeasible && late.steps.isEmpty)
        #expect(late.blockers.map(\.reason) == [.deadline])
    }

    @Test func whatToLeaveOutIsNamedAndHelps() async throws {
        let ground = GoalOperationTests.Ground()
        let plans = try await plans(ground)
        let whole = try await plans.plan(drain)
        let longest = try #require(
            whole.steps.max {
                $0.estimate.prediction?.duration.high ?? 0
                    < $1.estimate.prediction?.duration.high ?? 0
            })
        func without(_ names: [String]) -> PlanGoal {
            .drain(["host1"], bestEffort: false, wishes: GoalWishes(except: names))
        }
        let rest = try await plans.plan(without([longest.domainName]))
        let enough = rest.makespanRange.high
        try #require(rest.outcome == .plan && enough < whole.makespanRange.high)
        let late = try await plans.held(
            whole, to: try deadline(in: enough, ground), for: drain)
        let blocker = try #require(late.blockers.first)
        let option = "leave out --except \(longest.domainName.quotedForShell): the rest needs "
        #expect(blocker.remedy.contains(option), "\(blocker)")
        #expect(blocker.remedy.contains("give it more time: --deadline "), "\(blocker)")
        #expect(blocker.detail.contains(" after --deadline 20"), "\(blocker)")
        let helped = try await plans.held(
            rest, to: try deadline(in: enough, ground), for: without([longest.domainName]))
        #expect(helped.outcome == .plan)
        // Where even the shortest one takes too long, nobody is named.
        let vain = try await plans.held(whole, to: try deadline(in: 1, ground), for: drain)
        #expect(vain.blockers.first?.remedy.contains("--except") == false, "\(vain.blockers)")
    }

    @Test func nothingIsBegunThatWouldNotBeOverInTime() async throws {
        let ground = GoalOperationTests.Ground()
        let result = try await ground.operation().carryOut(
            drain, by: try deadline(in: 3_600_000, ground)
        ) { plan in
            // It fits, and is not agreed to.
            #expect(plan.outcome == .plan)
            return false
        }
        guard case .declined = result else {
            Issue.record("\(result)")
            return
        }
        let late = try await ground.operation().carryOut(drain, by: try deadline(in: 1, ground)) {
            _ in true
        }
        guard case .shown(let plan) = late else {
            Issue.record("it ran: \(late)")
            return
        }
        #expect(plan.outcome == .infeasible)
        #expect(try await ground.observer.stores.journal().runs().isEmpty)
        #expect(try await MaintenanceService(ground.observer).entries().isEmpty)
    }

    // MARK: While it goes on

    private final class Told: ProgressObserver {
        private let said = Mutex<[String]>([])
        var warnings: [String] { said.withLock(\.self) }
        func observe(_ event: ProgressEvent) async {
            if case .warning(let text) = event { said.withLock { $0.append(text) } }
        }
    }

    @Test func aRunThatIsLateSaysSoOnceAndOnceMoreAtTheTime() async throws {
        let start = Timestamp(seconds: 1_700_000_000)
        let time = Mutex(start)
        let told = Told()
        let deadline = try DrainDeadline("60s", at: start, minuteOfDay: Self.minuteOfDay)
        let watch = DeadlineWatch(
            deadline, next: told, flags: CommandFlags(), now: { time.withLock(\.self) })
        var plan = MigrationPlan.ofTwoSteps
        plan.steps[1].estimate.startMilliseconds = 2000
        var state = RunState(plan: plan)
        state.apply(.planned(plan, goal: .forward), at: start)
        await watch.observe(.runBegins(state, RunControl(7) { _ in }))
        await watch.observe(
            .run(.recorded(.intent(1, attempt: 1, persistent: true, autostart: false))))
        // As in RemainingTimeTests: after ten seconds 70 s are left at the speed seen.
        let slow = MigrationProgress(
            remaining: Bytes(45 << 20), total: Bytes(60 << 20), rate: Bytes(3 << 19))
        func advance(to seconds: Int64) async {
            time.withLock { $0 = start.advanced(byMilliseconds: seconds * 1000) }
            await watch.observe(.run(.progress(1, slow)))
        }
        await advance(to: 10)
        #expect(told.warnings == [])
        await advance(to: 21)
        await advance(to: 25)
        #expect(told.warnings.count == 1, "\(told.warnings)")
        #expect(
            told.warnings.first?.hasPrefix("run 7 can no longer be over by ") == true,
            "\(told.warnings)")
        #expect(told.warnings.last?.hasSuffix("kvmbalance runs stop 7") == true, "\(told.warnings)")
        await advance(to: 60)
        await advance(to: 70)
        #expect(told.warnings.count == 2, "\(told.warnings)")
        #expect(
            told.warnings.last?.contains("has come, and run 7 is not over") == true,
            "\(told.warnings)")
        await watch.observe(.runIsOver)
        await advance(to: 80)
        #expect(told.warnings.count == 2)
    }
}

extension MigrationPlan {
    /// Of 2 s each.
    fileprivate static var ofTwoSteps: MigrationPlan {
        var plan = Example.plan(steps: 2)
        for index in plan.steps.indices {
            plan.steps[index].estimate = StepEstimate(durationMilliseconds: 2000)
        }
        return plan
    }
}
