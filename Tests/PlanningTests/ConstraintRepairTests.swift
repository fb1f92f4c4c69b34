import ClusterModel
import PlacementPolicy
import PlanChecking
import Planning
import TestSupport
import Testing

/// What is broken at the start is repaired before load is looked at.
@Suite struct ConstraintRepairTests {
    /// Three hosts of 16 GiB with one domain of 1 GiB each: nothing to do for load's sake, and
    /// nothing either when two are on one host.
    private var even: ClusterBuilder {
        var cluster = ClusterBuilder()
        for number in 1...3 {
            cluster.host(HostName("host\(number)"))
            cluster.domain("vm\(number)", on: HostName("host\(number)"), memory: .gibibytes(1))
        }
        return cluster
    }

    private func plan(
        _ snapshot: ClusterSnapshot, _ policy: Policy = .default, maxMoves: Int? = nil
    ) -> MigrationPlan {
        let plan = Planner.plan(
            .balance(maxMoves: maxMoves), from: snapshot, under: policy, seed: 1,
            effort: BalanceTests.effort)
        #expect(PlanChecker.check(plan, on: snapshot, under: policy) == [])
        return plan
    }

    @Test func `a domain outside its fence goes inside, and the step says so`() {
        var policy = Policy()
        policy.fence = [HostRule(domains: ["vm1"], hosts: ["host2", "host3"])]
        let plan = plan(even.snapshot, policy)
        #expect(plan.steps.map(\.domainName) == ["vm1"])
        #expect(
            plan.steps.first?.rationale.hasPrefix(
                "host1 does not suit it: the policy fences it in on host2, host3") == true)
        #expect(self.plan(even.snapshot.applying(plan.moves), policy).outcome == .nothingToDo)
        // Where nothing was broken the judge asks what such a move is for.
        let refused = PlanChecker.check(plan, on: even.snapshot, under: .default)
        #expect(refused.contains { $0.detail == "nothing is better balanced after it" })
    }

    @Test func `a ban is obeyed, and a limit of no moves too`() {
        var policy = Policy()
        policy.ban = [HostRule(domains: ["vm2"], hosts: ["host2", "host1"])]
        let plan = plan(even.snapshot, policy)
        #expect(plan.moves.map(\.target) == ["host3"])
        #expect(plan.steps.first?.rationale.contains("bans it from there") == true)
        #expect(self.plan(even.snapshot, policy, maxMoves: 0).steps.isEmpty)
    }

    @Test func `one of two that should be apart leaves, over hosts and over zones`() {
        var cluster = even
        for name in ["web1", "web2"] {
            let index = cluster.domain(name, on: "host1", memory: .gibibytes(1))
            cluster.domains[index].facts.antiAffinityGroups = ["web"]
        }
        let plan = plan(cluster.snapshot)
        #expect(plan.steps.count == 1)
        #expect(plan.steps.first?.domainName.hasPrefix("web") == true)
        #expect(
            plan.steps.first?.rationale.hasPrefix("group 'web' must be apart, and shares a host")
                == true)

        var zones = even
        for index in zones.hosts.indices {
            zones.hosts[index].zone = index < 2 ? "left" : "right"
        }
        zones.domain("db1", on: "host1", memory: .gibibytes(1))
        zones.domain("db2", on: "host2", memory: .gibibytes(1))
        var policy = Policy()
        policy.antiAffinity = [PlacementGroup(name: "db", domains: ["db?"], scope: .zone)]
        #expect(self.plan(zones.snapshot, policy).moves.map(\.target) == ["host3"])
    }

    @Test func `a group that should be together comes together`() {
        var cluster = even
        for number in 1...2 {
            let index = cluster.domain(
                "app\(number)", on: HostName("host\(number)"), memory: .gibibytes(1))
            cluster.domains[index].facts.affinityGroups = ["app"]
        }
        let plan = plan(cluster.snapshot)
        #expect(plan.steps.count == 1)
        #expect(plan.steps.first?.rationale.contains("group 'app' must be together") == true)
    }

    /// host1 is full; nobody could take over its large domain, unless the small ones on host2 and
    /// host3 make room on one of them.
    @Test func `a fleet that could not stand the loss of a host can after it`() {
        var cluster = ClusterBuilder()
        for number in 1...3 { cluster.host(HostName("host\(number)")) }
        cluster.domain("big", on: "host1", memory: .gibibytes(10))
        for number in 1...2 {
            cluster.domain("one\(number)", on: "host2", memory: .gibibytes(3))
            cluster.domain("two\(number)", on: "host3", memory: .gibibytes(3))
        }
        var policy = Policy()
        policy.balance.spread = 10_000
        #expect(plan(cluster.snapshot, policy).outcome == .nothingToDo)
        policy.nPlusOne = .after
        let plan = plan(cluster.snapshot, policy)
        #expect(plan.outcome == .plan)
        #expect(plan.steps.first?.rationale.hasPrefix("so that host1 may fail (N+1)") == true)
    }

    @Test func `what nothing can mend is named`() {
        var cluster = even
        cluster.domains[0].facts.isPinned = true
        var policy = Policy()
        policy.fence = [HostRule(domains: ["vm1"], hosts: ["host2"])]
        let plan = plan(cluster.snapshot, policy)
        #expect(plan.outcome == .nothingToDo)
        #expect(plan.blockers.map(\.domain) == ["vm1"])
        #expect(plan.blockers.first?.detail.contains("fences it in on host2") == true)
    }

    /// Random worlds in which rules and groups were broken when they were written.
    @Test func `the judge accepts what is repaired, and nothing of it is left to do`() {
        var repaired = 0
        for number in UInt64(1)...400 {
            let problem = FuzzProblem(number: number)
            var policy = problem.policy
            policy.fence = [HostRule(domains: ["vm1", "vm2"], hosts: ["host1", "host2"])]
            policy.balance.maxMoves = nil
            let plan = Planner.plan(
                .balance(), from: problem.snapshot, under: policy, seed: number,
                effort: FuzzRun.effort)
            #expect(
                PlanChecker.check(plan, on: problem.snapshot, under: policy) == [],
                "problem \(number)")
            if plan.steps.contains(where: { $0.rationale.contains("does not suit it") }) {
                repaired += 1
            }
        }
        #expect(repaired > 30, "\(repaired)")
    }
}
