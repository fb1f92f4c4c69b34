import ClusterModel
import Execution
import TestSupport
import Testing

@testable import KVMBalanceCommands
@testable import Operations
@testable import Rendering

/// What taking a run up would do, while migrations of its own still run.
struct RunRestTests {
    /// Killed while 'web' was on its way.
    private func rest() -> RunRest {
        let plan = MigrationPlan.ofOneStep
        let events: [JournalEvent] = [
            .taken(process: 1, goal: .forward), .planned(plan, goal: .forward),
            .intent(1, attempt: 1, persistent: true, autostart: false),
        ]
        let records = events.enumerated().map {
            JournalRecord(sequence: $0 + 1, at: Timestamp(seconds: 1), event: $1)
        }
        return RunRest(run: RunID(1), state: RunState(plan: plan, records: records), goal: .forward)
    }

    private func blocked(_ domain: String, _ reason: Blocker.Reason) -> MigrationPlan {
        var plan = MigrationPlan.ofOneStep
        plan.outcome = .infeasible
        plan.steps = []
        plan.blockers = [
            Blocker(domain: domain, reason: reason, detail: "is in the way", remedy: "wait")
        ]
        return plan
    }

    /// They go on without the process that began them, and the run waits for them.
    @Test func theRunsOwnMigrationsAreNoBlockers() {
        var rest = rest()
        rest.adopt(blocked("web", .busy))
        #expect(rest.plan == nil)
        #expect(rest.text(width: 100).hasSuffix("Then the rest is planned again."))
        #expect(rest.question == "Resolve 1 step?")
    }

    @Test(arguments: [("db", Blocker.Reason.busy), ("web", .memory)])
    func whatElseIsInTheWayIsShown(_ domain: String, _ reason: Blocker.Reason) {
        var rest = rest()
        rest.adopt(blocked(domain, reason))
        #expect(rest.plan != nil)
        #expect(rest.text(width: 100).contains("is in the way"))
    }
}
