import ClusterModel
import Execution
import Testing

/// The fold of the journal.
struct RunStateTests {
    static let plan = Example.plan([Example.step(1), Example.step(2, after: [1])])
    static let replan = Example.plan([Example.step(1, to: "host3")])

    /// A drain that had to plan again, was rolled back, and is over.
    static let story: [JournalEvent] = [
        .taken(process: 1, goal: .forward), .planned(plan, goal: .forward),
        .intent(1, attempt: 1, persistent: true, autostart: true),
        .attemptFailed(1, attempt: 1, error: "refused"),
        .intent(1, attempt: 2, persistent: true, autostart: true),
        .settling(1, .setAutostart), .arrived(1, nil, note: nil),
        .intent(2, attempt: 1, persistent: true, autostart: false),
        .attemptFailed(2, attempt: 1, error: "no memory"), .failed(2, error: "no memory"),
        .planned(replan, goal: .forward),
        .intent(3, attempt: 1, persistent: true, autostart: false),
        .taken(process: 2, goal: .rollback), .arrived(3, nil, note: "seen after a crash"),
        .planned(
            Example.plan([Example.step(1, from: "host3", to: "host1")]), goal: .rollback),
        .intent(4, attempt: 1, persistent: true, autostart: false),
        .arrived(4, nil, note: nil), .ended(RunOutcome(.rolledBack)),
    ]

    @Test func `every prefix of a journal is a consistent state`() {
        for length in 0...Self.story.count {
            let records = Example.records(Array(Self.story.prefix(length)))
            let state = RunState(plan: Self.plan, records: records)
            var stepwise = RunState(plan: Self.plan)
            for record in records { stepwise.apply(record.event, at: record.at) }
            #expect(state == stepwise)
            #expect(Set(state.steps.map(\.step.id)).count == state.steps.count)
            #expect(state.openSteps.count <= 1)
            for step in state.steps {
                let isDropped = step.status.word == "skipped"
                #expect(isDropped || step.status.isOver == (step.endedAt != nil))
                #expect(step.step.after.allSatisfy { state.step($0) != nil })
                #expect(step.attempts == 0 || step.startedAt != nil)
            }
        }
    }

    @Test func `a new plan's steps are numbered on`() {
        let state = RunState(
            plan: Self.plan, records: Example.records(Array(Self.story.prefix(11))))
        #expect(state.steps.map(\.step.id) == [1, 2, 3])
        #expect(state.nextStepNumber == 4)
        #expect(state.plan == Self.replan)
        #expect(state.original == Self.plan)
    }

    @Test func `pending steps are given up by a new plan`() {
        let state = RunState(
            plan: Self.plan,
            records: Example.records([
                .taken(process: 1, goal: .forward), .planned(Self.plan, goal: .forward),
                .planned(Self.replan, goal: .forward),
            ]))
        #expect(state.steps.map(\.status.word) == ["skipped", "skipped", "pending"])
        #expect(state.steps[2].step.id == 3)
    }

    @Test func `displacements lead from first source to last target`() {
        let forward = RunState(
            plan: Self.plan, records: Example.records(Array(Self.story.prefix(14))))
        #expect(forward.displacements.map(\.target) == ["host3"])
        #expect(forward.displacements.map(\.source) == ["host1"])
        let whole = RunState(plan: Self.plan, records: Example.records(Self.story))
        #expect(whole.displacements.isEmpty)
    }

    @Test func `a rollback compensates what was done`() {
        let state = RunState(plan: Self.plan, records: Example.records(Self.story))
        #expect(
            state.steps.map(\.status.word) == ["compensated", "failed", "compensated", "done"])
        #expect(state.outcome == RunOutcome(.rolledBack))
    }

    @Test func `taking a run up opens it again`() {
        let ended = Example.records([
            .taken(process: 1, goal: .forward), .planned(Self.plan, goal: .forward),
            .stopping(reason: "asked to"), .ended(RunOutcome(.failed, reason: "asked to")),
            .taken(process: 2, goal: .forward),
        ])
        let state = RunState(plan: Self.plan, records: ended)
        #expect(state.outcome == nil && state.stopReason == nil && state.endedAt == nil)
        #expect(state.startedAt == Example.time)
    }
}
