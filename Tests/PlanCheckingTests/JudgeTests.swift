import ClusterModel
import PlacementPolicy
import PlanChecking
import TestSupport
import Testing

/// Plans written by hand, right and then broken in one place.
@Suite struct JudgeTests {
    /// host2 has no room for `big` until `small` has gone to host3.
    private var cluster: ClusterBuilder {
        var cluster = ClusterBuilder()
        cluster.host("host1")
        cluster.host("host2", memory: .gibibytes(8))
        cluster.host("host3", memory: .gibibytes(5))
        cluster.domain("big", on: "host1", memory: .gibibytes(6))
        cluster.domain("small", on: "host2", memory: .gibibytes(4))
        return cluster
    }

    private func step(
        _ id: StepID, _ domain: String, _ source: HostName, _ target: HostName,
        after: [StepID] = []
    ) -> Step {
        Step(
            id: id, domainName: domain,
            move: Move(domain: DomainID("id-of-\(domain)"), source: source, target: target),
            after: after)
    }

    private func plan(_ steps: [Step]) -> MigrationPlan {
        MigrationPlan(
            kind: .drain, hosts: ["host1"], outcome: .plan,
            origin: MigrationPlan.Origin(digest: "", observedAt: Timestamp(seconds: 0)),
            steps: steps)
    }

    private var good: MigrationPlan {
        plan([step(1, "small", "host2", "host3"), step(2, "big", "host1", "host2", after: [1])])
    }

    private func rules(_ plan: MigrationPlan, _ cluster: ClusterBuilder? = nil) -> Set<
        Violation.Rule
    > {
        let world = (cluster ?? self.cluster).snapshot
        return Set(PlanChecker.check(plan, on: world, under: .default).map(\.rule))
    }

    @Test func `a right plan is accepted`() { #expect(rules(good) == []) }

    @Test func `a dropped wait is found`() {
        var plan = good
        plan.steps[1].after = []
        #expect(rules(plan) == [.capacity])
    }

    @Test func `a swapped target is found`() {
        var plan = good
        plan.steps[1].move.target = "host3"
        #expect(rules(plan) == [.capacity])
    }

    @Test func `a left-out step is found`() {
        #expect(rules(plan([step(1, "small", "host2", "host3")])) == [.drain])
        #expect(rules(plan([step(1, "big", "host1", "host2")])) == [.capacity])
        #expect(rules(plan([])) == [.outcome, .drain])
    }

    @Test func `circles, unknown waits and numbers used twice are found`() {
        var circle = good
        circle.steps[0].after = [2]
        #expect(rules(circle) == [.graph])
        var unknown = good
        unknown.steps[0].after = [7]
        #expect(rules(unknown) == [.graph])
        var twice = good
        twice.steps[1].id = 1
        #expect(rules(twice).contains(.graph))
    }

    @Test func `names that mean nothing are found`() {
        var domain = good
        domain.steps[0].move.domain = "id-of-nobody"
        #expect(rules(domain).contains(.reference))
        var renamed = good
        renamed.steps[0].domainName = "tiny"
        #expect(rules(renamed) == [.reference])
        var source = good
        source.steps[0].move.source = "host1"
        #expect(rules(source) == [.reference])
        var target = good
        target.steps[0].move.target = "host9"
        #expect(rules(target).contains(.reference))
    }

    @Test func `a domain that moves twice has to move in turn`() {
        let first = step(1, "big", "host1", "host3")
        #expect(rules(plan([first, step(2, "big", "host3", "host2")])) == [.graph])
        var roomy = cluster
        roomy.hosts[1].facts?.memory = .gibibytes(32)
        roomy.hosts[2].facts?.memory = .gibibytes(32)
        #expect(rules(plan([first, step(2, "big", "host3", "host2", after: [1])]), roomy) == [])
        #expect(
            rules(plan([first, step(2, "big", "host1", "host2", after: [1])]), roomy) == [.graph])
    }

    @Test func `a drained host, one in maintenance and an unreachable one take nothing`() {
        var back = good
        back.steps[0].move.target = "host1"
        #expect(rules(back).contains(.target))
        var maintenance = cluster
        maintenance.hosts[2].inMaintenance = true
        #expect(rules(good, maintenance) == [.target])
        var fault = cluster
        fault.hosts[2].fault = "no route to host"
        #expect(rules(good, fault).contains(.target))
    }

    @Test func `anti-affinity holds on the way, affinity at the end`() {
        var cluster = ClusterBuilder()
        for name in ["host1", "host2", "host3"] { cluster.host(HostName(name)) }
        for (name, host) in [("a", "host1"), ("b", "host2")] {
            let index = cluster.domain(name, on: HostName(host))
            cluster.domains[index].facts.antiAffinityGroups = ["g"]
        }
        let away = step(1, "b", "host2", "host3")
        #expect(rules(plan([away, step(2, "a", "host1", "host2", after: [1])]), cluster) == [])
        #expect(rules(plan([away, step(2, "a", "host1", "host2")]), cluster) == [.antiAffinity])
        for index in cluster.domains.indices {
            cluster.domains[index].host = "host1"
            cluster.domains[index].facts.antiAffinityGroups = []
            cluster.domains[index].facts.affinityGroups = ["t"]
        }
        let first = step(1, "a", "host1", "host2")
        #expect(rules(plan([first, step(2, "b", "host1", "host2")]), cluster) == [])
        #expect(rules(plan([first, step(2, "b", "host1", "host3")]), cluster) == [.affinity])
    }

    @Test func `a host that is over its capacity may stay so, but not get worse`() {
        var cluster = cluster
        cluster.hosts[2].facts?.memory = .gibibytes(20)
        cluster.domain("old1", on: "host2", memory: .gibibytes(5))
        // 4 + 5 of 8 GiB before; 6 + 5 after.
        #expect(rules(good, cluster) == [.capacity])
        cluster.domains[0].facts.memory = .gibibytes(3)
        #expect(rules(good, cluster) == [])
    }

    @Test func `many arrivals are judged like few`() {
        // Twelve domains swap places with twelve others, each waiting for its own partner: safe.
        // With one wait left out it is not.
        var cluster = ClusterBuilder()
        for name in ["host1", "host2", "host3"] {
            cluster.host(HostName(name), memory: .gibibytes(12))
        }
        cluster.hosts[2].facts?.memory = .gibibytes(99)
        var steps: [Step] = []
        for index in 1...12 {
            cluster.domain("in\(index)", on: "host1", memory: .mebibytes(896))
            cluster.domain("out\(index)", on: "host2", memory: .mebibytes(896))
            steps.append(step(StepID(index), "out\(index)", "host2", "host3"))
            steps.append(
                step(StepID(20 + index), "in\(index)", "host1", "host2", after: [StepID(index)]))
        }
        #expect(rules(plan(steps), cluster) == [])
        steps[7].after = []
        #expect(rules(plan(steps), cluster) == [.capacity])
        // Waiting for another one's partner is as good as none.
        steps[7].after = [1]
        #expect(rules(plan(steps), cluster) == [.capacity])
    }

    @Test func `infeasible plans must say why and do nothing`() {
        var plan = plan([])
        plan.outcome = .infeasible
        #expect(rules(plan) == [.blockers])
        plan.blockers = [Blocker(reason: .memory, detail: "short", remedy: "add")]
        #expect(rules(plan) == [])
        plan.steps = good.steps
        #expect(rules(plan) == [.outcome])
    }
}
