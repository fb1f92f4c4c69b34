import ClusterModel
import PlacementPolicy
import PlanChecking
import TestSupport
import Testing

/// Plans that do not do what was asked by name, planted by hand.
@Suite struct WishJudgeTests {
    private var cluster: ClusterBuilder {
        var cluster = ClusterBuilder()
        for name in ["host1", "host2", "host3"] { cluster.host(HostName(name)) }
        for name in ["a", "b"] { cluster.domain(name, on: "host1") }
        return cluster
    }

    private let a = NamedDomain("id-of-a", name: "a", host: "host1")
    private let b = NamedDomain("id-of-b", name: "b", host: "host1")

    private func step(_ id: StepID, _ domain: String, to target: HostName) -> Step {
        Step(
            id: id, domainName: domain,
            move: Move(domain: DomainID("id-of-\(domain)"), source: "host1", target: target))
    }

    private func plan(
        _ kind: MigrationPlan.Kind, _ wishes: PlanWishes, _ steps: [Step]
    ) -> MigrationPlan {
        var plan = MigrationPlan(
            kind: kind, hosts: kind == .drain ? ["host1"] : [],
            outcome: steps.isEmpty ? .nothingToDo : .plan,
            origin: MigrationPlan.Origin(digest: "", observedAt: Timestamp(seconds: 0)),
            steps: steps)
        plan.wishes = wishes
        return plan
    }

    private func rules(_ plan: MigrationPlan, asked: PlanWishes? = nil) -> [Violation.Rule] {
        PlanChecker.check(plan, on: cluster.snapshot, under: .default, asked: asked).map(\.rule)
    }

    @Test func `a move that leaves its domain behind, or takes it elsewhere, is found`() {
        let wishes = PlanWishes(moves: [a], to: ["host2"])
        #expect(rules(plan(.move, wishes, [step(1, "a", to: "host2")])) == [])
        #expect(rules(plan(.move, wishes, [step(1, "a", to: "host3")])) == [.wishes])
        #expect(rules(plan(.move, wishes, [step(1, "b", to: "host2")])) == [.wishes])
        #expect(rules(plan(.move, wishes, [])) == [.wishes])
        let anywhere = PlanWishes(moves: [a, b])
        #expect(rules(plan(.move, anywhere, [step(1, "a", to: "host3")])) == [.wishes])
        #expect(rules(plan(.move, PlanWishes(), [step(1, "a", to: "host3")])) == [.wishes])
    }

    @Test func `a domain that a blocker names may stay`() {
        var plan = plan(.move, PlanWishes(moves: [a, b]), [step(1, "a", to: "host3")])
        plan.blockers = [Blocker(domain: "b", reason: .pinned, detail: "pinned", remedy: "none")]
        #expect(rules(plan) == [])
    }

    @Test func `an excepted domain that moves is found, and one that stays is no omission`() {
        let wishes = PlanWishes(except: [b])
        #expect(rules(plan(.drain, wishes, [step(1, "a", to: "host2")])) == [])
        let both = [step(1, "a", to: "host2"), step(2, "b", to: "host2")]
        #expect(rules(plan(.drain, wishes, both)) == [.wishes])
        #expect(rules(plan(.drain, PlanWishes(), [step(1, "a", to: "host2")])) == [.drain])
    }

    @Test func `a target that was left out, or not named, is found`() {
        let steps = [step(1, "a", to: "host2"), step(2, "b", to: "host3")]
        #expect(rules(plan(.drain, PlanWishes(notTo: ["host3"]), steps)) == [.wishes])
        #expect(rules(plan(.drain, PlanWishes(to: ["host2"]), steps)) == [.wishes])
        #expect(rules(plan(.drain, PlanWishes(to: ["host2", "host3"]), steps)) == [])
    }

    @Test func `a plan that has forgotten what it was asked for is found`() {
        let wishes = PlanWishes(moves: [a], to: ["host2"])
        let good = plan(.move, wishes, [step(1, "a", to: "host2")])
        #expect(rules(good, asked: wishes) == [])
        #expect(rules(good, asked: PlanWishes(moves: [a, b], to: ["host2"])) == [.wishes])
    }
}
