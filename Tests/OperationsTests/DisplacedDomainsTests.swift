import ClusterModel
import Execution
import TestSupport
import Testing

@testable import Operations

/// Who is away from home, folded from runs.
struct DisplacedDomainsTests {
    private func run(_ plan: MigrationPlan, rolledBack: Bool = false) -> RunState {
        var state = RunState(plan: plan)
        state.apply(.taken(process: 1, goal: .forward), at: Example.start)
        state.apply(.planned(plan, goal: .forward), at: Example.start)
        for step in plan.steps {
            state.apply(.arrived(step.id, nil, note: nil), at: Example.start)
        }
        if rolledBack {
            let back = Example.plan(
                .rollback, ["host1"],
                steps: plan.steps.map { step in
                    (step.domainName, step.move.target.rawValue, step.move.source.rawValue)
                })
            state.apply(.planned(back, goal: .rollback), at: Example.start)
            for index in back.steps.indices {
                let id = StepID(plan.steps.count + index + 1)
                state.apply(.arrived(id, nil, note: nil), at: Example.start)
            }
            state.apply(.ended(RunOutcome(.rolledBack)), at: Example.start)
        }
        return state
    }

    private func away(after runs: [RunState]) -> DisplacedDomains {
        DisplacedDomains(runs.enumerated().flatMap { $1.moves(of: RunID(Int64($0 + 1))) })
    }

    private func away(_ list: DisplacedDomains, _ host: HostName) -> [String] {
        list.domains(of: host).map { "\($0.domain)@\($0.at)" }
    }

    @Test func aDrainTakesAwayAndAReturnBringsBack() {
        let drain = run(Example.plan(.drain, ["host1"], steps: [("a", "host1", "host2")]))
        #expect(away(away(after: [drain]), "host1") == ["a@host2"])
        let back = run(Example.plan(.return, ["host1"], steps: [("a", "host2", "host1")]))
        #expect(away(away(after: [drain, back]), "host1").isEmpty)
    }

    @Test func aSecondDrainKeepsTheFirstHome() {
        let first = run(Example.plan(.drain, ["host1"], steps: [("a", "host1", "host2")]))
        let second = run(
            Example.plan(
                .drain, ["host2"], steps: [("a", "host2", "host3"), ("b", "host2", "host3")]))
        let list = away(after: [first, second])
        #expect(away(list, "host1") == ["a@host3"])
        #expect(away(list, "host2") == ["b@host3"])
    }

    @Test func whatMadeRoomIsNotAway() {
        let drain = run(
            Example.plan(
                .drain, ["host1"], steps: [("c", "host2", "host3"), ("a", "host1", "host2")]))
        #expect(away(away(after: [drain]), "host2").isEmpty)
    }

    @Test func whatAMoveTookAwayIsNotAway() {
        let move = run(Example.plan(.move, [], steps: [("a", "host1", "host2")]))
        #expect(away(after: [move]).absences.isEmpty)
        let drain = run(Example.plan(.drain, ["host2"], steps: [("a", "host2", "host3")]))
        let on = run(Example.plan(.move, [], steps: [("a", "host3", "host4")]))
        #expect(away(away(after: [move, drain, on]), "host2") == ["a@host4"])
        let home = run(Example.plan(.move, [], steps: [("a", "host4", "host2")]))
        #expect(away(after: [move, drain, on, home]).absences.isEmpty)
    }

    @Test func aRollbackLeavesNobodyAway() {
        let drain = run(
            Example.plan(.drain, ["host1"], steps: [("a", "host1", "host2")]), rolledBack: true)
        #expect(away(after: [drain]).absences.isEmpty)
    }
}

/// Who was stopped where it was, folded from runs.
struct StoppedGuestsTests {
    private func run(
        _ kind: MigrationPlan.Kind, _ mode: Step.Mode, _ events: [JournalEvent]? = nil
    ) -> RunState {
        var plan = Example.plan(kind, ["host1"], steps: [("a", "host1", "host1")])
        plan.steps[0].mode = mode
        var state = RunState(plan: plan)
        state.apply(.taken(process: 1, goal: .forward), at: Example.start)
        state.apply(.planned(plan, goal: .forward), at: Example.start)
        for event in events ?? [.arrived(1, nil, note: nil)] {
            state.apply(event, at: Example.start)
        }
        return state
    }

    private func stops(_ runs: [RunState]) -> [DomainID: DisplacedDomains.Stop] {
        DisplacedDomains(runs.enumerated().flatMap { $1.moves(of: RunID(Int64($0 + 1))) }).stops
    }

    @Test func aDrainStopsAndAReturnStarts() {
        let drain = run(.drain, .save)
        #expect(stops([drain])["a"]?.guest == StoppedGuest("a", on: "host1", isSaved: true))
        #expect(stops([drain])["a"]?.run == 1)
        #expect(stops([drain, run(.return, .restore)]).isEmpty)
        #expect(stops([drain, run(.return, .restore), run(.drain, .shutdown)])["a"]?.run == 3)
        #expect(DisplacedDomains(drain.moves(of: 1)).homecomings(to: ["host1"]).isEmpty)
    }

    @Test func whatWasNotDoneStopsNobody() {
        #expect(stops([run(.drain, .shutdown, [.skipped(1, reason: "was off")])]).isEmpty)
        #expect(stops([run(.drain, .shutdown, [.failed(1, error: "it is up")])]).isEmpty)
        let drain = run(.drain, .shutdown)
        // A start that failed leaves it to the next return.
        #expect(stops([drain, run(.return, .start, [.failed(1, error: "no")])])["a"]?.run == 1)
    }

    /// It went to another host since, by our own doing.
    @Test func whoeverMovedSinceIsNotStartedWhereItWas() {
        let move = Example.plan(.move, [], steps: [("a", "host1", "host2")])
        var state = RunState(plan: move)
        state.apply(.planned(move, goal: .forward), at: Example.start)
        state.apply(.arrived(1, nil, note: nil), at: Example.start)
        #expect(stops([run(.drain, .shutdown), state]).isEmpty)
    }
}
