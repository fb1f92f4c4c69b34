import ClusterModel
import PlacementPolicy
import PlanChecking
import Planning
import TestSupport
import Testing

@Suite struct ReturnTests {
    private func plan(_ request: PlanRequest, _ cluster: ClusterBuilder) -> MigrationPlan {
        let plan = Planner.plan(request, from: cluster.snapshot, under: .default, seed: 1)
        #expect(PlanChecker.check(plan, on: cluster.snapshot, under: .default) == [])
        return plan
    }

    private func two() -> ClusterBuilder {
        var cluster = ClusterBuilder()
        cluster.host("host1")
        cluster.host("host2")
        return cluster
    }

    @Test func `domains come home although their host is in maintenance`() {
        var cluster = two()
        cluster.hosts[0].inMaintenance = true
        cluster.domain("web", on: "host2")
        let plan = plan(
            .return([ReturnMove("id-of-web", home: "host1", displacedAt: "host2")]), cluster)
        #expect(plan.kind == .return)
        #expect(plan.hosts == ["host1"])
        #expect(plan.steps.map(\.move.target) == ["host1"])
        #expect(plan.steps[0].rationale.hasPrefix("returns to host1"))
    }

    @Test func `a domain that was moved or deleted since is reported and skipped`() {
        var cluster = two()
        cluster.host("host3")
        cluster.domain("moved", on: "host3")
        cluster.domain("web", on: "host2")
        cluster.domain("home", on: "host1")
        let plan = plan(
            .return([
                ReturnMove("id-of-moved", home: "host1", displacedAt: "host2"),
                ReturnMove("id-of-gone", home: "host1", displacedAt: "host2"),
                ReturnMove("id-of-web", home: "host1", displacedAt: "host2"),
                ReturnMove("id-of-home", home: "host1", displacedAt: "host2"),
            ]), cluster)
        #expect(plan.outcome == .plan)
        #expect(plan.steps.map(\.domainName) == ["web"])
        #expect(plan.blockers.map(\.domain) == ["moved", "id-of-gone"])
        #expect(plan.blockers[0].detail == "skipped: it was left on host2 and is on host3 now")
    }

    @Test func `nothing to bring home is nothing to do`() {
        var cluster = two()
        cluster.domain("web", on: "host1")
        #expect(
            plan(.return([ReturnMove("id-of-web", home: "host1")]), cluster).outcome == .nothingToDo
        )
    }

    @Test func `a home that has filled up refuses the return, and best effort brings what fits`() {
        var cluster = two()
        cluster.domain("new", on: "host1", memory: .gibibytes(12))
        cluster.domain("big", on: "host2", memory: .gibibytes(6))
        cluster.domain("small", on: "host2", memory: .gibibytes(2))
        let domains = [
            ReturnMove("id-of-big", home: "host1"), ReturnMove("id-of-small", home: "host1"),
        ]
        let refused = plan(.return(domains), cluster)
        #expect(refused.outcome == .infeasible)
        let rest = plan(.return(domains, bestEffort: true), cluster)
        #expect(rest.steps.count == 1)
        #expect(rest.blockers.map(\.reason) == [.memory])
    }

    @Test func `two domains that swap go by way of a third host`() {
        var cluster = ClusterBuilder()
        for name in ["host1", "host2", "host3"] {
            cluster.host(HostName(name), memory: .gibibytes(4))
        }
        cluster.domain("a", on: "host1", memory: .gibibytes(3))
        cluster.domain("b", on: "host2", memory: .gibibytes(3))
        let swap = [
            Move(domain: "id-of-a", source: "host1", target: "host2"),
            Move(domain: "id-of-b", source: "host2", target: "host1"),
        ]
        let plan = plan(.moves(swap), cluster)
        #expect(plan.outcome == .plan)
        #expect(plan.steps.count == 3)
        #expect(plan.steps.map(\.move.target).contains("host3"))
        #expect(plan.steps[0].rationale.contains("makes a detour to host3"))
        #expect(plan.steps[2].after == [2])
    }

    @Test func `two domains that swap with no room anywhere are refused for their order`() {
        var cluster = two()
        cluster.domain("a", on: "host1", memory: .gibibytes(12))
        cluster.domain("b", on: "host2", memory: .gibibytes(12))
        let swap = [
            Move(domain: "id-of-a", source: "host1", target: "host2"),
            Move(domain: "id-of-b", source: "host2", target: "host1"),
        ]
        let plan = plan(.moves(swap), cluster)
        #expect(plan.outcome == .infeasible)
        #expect(plan.blockers.map(\.reason) == [.ordering, .ordering])
    }

    @Test func `anti-affine domains that change places wait for each other`() throws {
        var cluster = ClusterBuilder()
        for name in ["host1", "host2", "host3"] { cluster.host(HostName(name)) }
        for (name, host) in [("a", "host1"), ("b", "host2")] {
            let index = cluster.domain(name, on: HostName(host))
            cluster.domains[index].facts.antiAffinityGroups = ["g"]
        }
        let moves = [
            Move(domain: "id-of-a", source: "host1", target: "host2"),
            Move(domain: "id-of-b", source: "host2", target: "host3"),
        ]
        let plan = plan(.moves(moves), cluster)
        let a = try #require(plan.steps.first { $0.domainName == "a" })
        #expect(a.after == [1])
        #expect(a.rationale.contains("waits for step 1, which takes b of group 'g' away"))
    }
}
