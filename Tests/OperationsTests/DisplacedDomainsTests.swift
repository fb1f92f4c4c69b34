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
