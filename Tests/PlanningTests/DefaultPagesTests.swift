import ClusterModel
import PlacementPolicy
import PlanChecking
import Planning
import TestSupport
import Testing

/// Guests that leave the size of their huge pages to the host.
@Suite struct DefaultPagesTests {
    private static let large = HugePagePool(pageSize: .gibibytes(1), total: 8, free: 8)
    private static let small = HugePagePool(pageSize: .mebibytes(2), total: 4096, free: 4096)

    private func cluster(there pools: [HugePagePool]) -> ClusterBuilder {
        var cluster = ClusterBuilder()
        for (name, pools) in [("host1", [Self.large]), ("host2", pools)] {
            cluster.host(
                HostName(name), memory: .gibibytes(32),
                cells: [NUMACell(id: 0, memory: .gibibytes(32), hugePages: pools)])
        }
        cluster.domain("web", on: "host1", memory: .gibibytes(2))
        cluster.domains[0].facts.hugePages = HugePageDemand(pageSize: .gibibytes(1), pages: 2)
        return cluster
    }

    private func plan(_ cluster: ClusterBuilder) -> MigrationPlan {
        let plan = Planner.plan(
            .drain(["host1"]), from: cluster.snapshot, under: .default, seed: 1)
        #expect(PlanChecker.check(plan, on: cluster.snapshot, under: .default) == [])
        return plan
    }

    @Test func `such a guest goes only where pages are surely of its size`() {
        var same = cluster(there: [Self.large])
        same.domains[0].facts.usesDefaultPages = true
        #expect(plan(same).steps.count == 1)
        for pools in [[Self.small], [Self.small, Self.large]] {
            var world = cluster(there: pools)
            world.domains[0].facts.usesDefaultPages = true
            let blocked = plan(world)
            #expect(blocked.outcome == .infeasible)
            #expect(blocked.blockers.contains { $0.reason == .hugePages })
        }
        // With a size, the target needs pages of that size and may have others too.
        #expect(plan(cluster(there: [Self.small, Self.large])).steps.count == 1)
    }

    @Test func `the judge holds the rule too`() {
        var world = cluster(there: [Self.small, Self.large])
        let plan = plan(world)
        world.domains[0].facts.usesDefaultPages = true
        let found = PlanChecker.check(plan, on: world.snapshot, under: .default)
        #expect(found.contains { $0.detail.contains("huge pages have no size") }, "\(found)")
    }
}
