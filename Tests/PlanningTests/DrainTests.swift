import ClusterModel
import PlacementPolicy
import PlanChecking
import Planning
import TestSupport
import Testing

@Suite struct DrainTests {
    private func plan(
        _ cluster: ClusterBuilder, bestEffort: Bool = false, policy: Policy = .default
    ) -> MigrationPlan {
        let plan = Planner.plan(
            .drain(["host1"], bestEffort: bestEffort), from: cluster.snapshot, under: policy,
            seed: 1)
        #expect(PlanChecker.check(plan, on: cluster.snapshot, under: policy) == [])
        return plan
    }

    private func three() -> ClusterBuilder {
        var cluster = ClusterBuilder()
        for name in ["host1", "host2", "host3"] { cluster.host(HostName(name)) }
        return cluster
    }

    @Test func `a drain spreads the domains over the emptier hosts`() {
        var cluster = three()
        for index in 1...4 { cluster.domain("web\(index)", on: "host1", memory: .gibibytes(2)) }
        let plan = plan(cluster)
        #expect(plan.outcome == .plan)
        #expect(plan.steps.map(\.id) == [1, 2, 3, 4])
        #expect(plan.steps.count { $0.move.target == "host2" } == 2)
        #expect(plan.makespanMilliseconds > 0)
        #expect(plan.steps[0].rationale.hasPrefix("host1 is drained; host"))
        #expect(plan.score?.bound["moves"] == 4)
    }

    @Test func `a host that holds a domain in one NUMA cell comes before an emptier one`() {
        var cluster = ClusterBuilder()
        cluster.host("host1")
        let halves = (0..<2).map { NUMACell(id: $0, memory: .gibibytes(8)) }
        cluster.host("host2", cells: halves)
        cluster.host("host3", cells: [NUMACell(id: 0, memory: .gibibytes(16))])
        cluster.domain("big", on: "host1", memory: .gibibytes(10))
        cluster.domain("small", on: "host1", memory: .gibibytes(1))
        cluster.domain("other", on: "host3", memory: .gibibytes(2))
        let plan = Planner.plan(
            .drain(["host1"]), from: cluster.snapshot, under: .default, seed: 1)
        let targets = Dictionary(
            plan.steps.map { ($0.domainName, $0) }, uniquingKeysWith: { one, _ in one })
        #expect(targets["big"]?.move.target == "host3")
        #expect(targets["small"]?.move.target == "host2")
        #expect(targets["big"]?.rationale.contains("one NUMA cell of host3 can hold it") == true)
        // Not where that would fill it to the brim.
        cluster.domain("more", on: "host3", memory: .gibibytes(3))
        let full = Planner.plan(
            .drain(["host1"]), from: cluster.snapshot, under: .default, seed: 1)
        #expect(full.steps.first { $0.domainName == "big" }?.move.target == "host2")
    }

    @Test func `a host without running domains has nothing to do`() {
        var cluster = three()
        cluster.domain("off", on: "host1", state: .shutOff)
        #expect(plan(cluster).outcome == .nothingToDo)
    }

    @Test func `a drain that needs host2 to make room first orders the steps`() throws {
        var cluster = ClusterBuilder()
        cluster.host("host1")
        cluster.host("host2", memory: .gibibytes(8))
        cluster.host("host3", memory: .gibibytes(5))
        cluster.domain("big", on: "host1", memory: .gibibytes(6))
        cluster.domain("small", on: "host2", memory: .gibibytes(4))
        let plan = plan(cluster)
        #expect(plan.outcome == .plan)
        let small = try #require(plan.steps.first { $0.domainName == "small" })
        let big = try #require(plan.steps.first { $0.domainName == "big" })
        #expect(small.move.target == "host3")
        #expect(big.after == [small.id])
        #expect(small.rationale.contains("makes room on host2 for big"))
        #expect(big.rationale.contains("waits for step 1, which frees"))
    }

    @Test func `a drain that cannot fit says what is short, by how much, on which host`() throws {
        var cluster = three()
        cluster.domain("big", on: "host1", memory: .gibibytes(12))
        cluster.domain("a", on: "host2", memory: .gibibytes(9))
        cluster.domain("b", on: "host3", memory: .gibibytes(8))
        let plan = plan(cluster)
        #expect(plan.outcome == .infeasible)
        #expect(plan.steps.isEmpty)
        let blocker = try #require(plan.blockers.first { $0.domain == "big" })
        #expect(blocker.reason == .memory)
        #expect(blocker.detail.contains("host2: 5.3 GiB of memory short"))
        #expect(blocker.detail.contains("host3: 4.3 GiB of memory short"))
    }

    @Test func `a drain with a blocker is refused, and with best effort the rest leaves`() {
        var cluster = three()
        cluster.domain("free", on: "host1")
        let index = cluster.domain("held", on: "host1")
        cluster.domains[index].facts.blockers = [
            Blocker(reason: .hostDevice, detail: "PCI 0000:01:00.0", remedy: "detach it")
        ]
        let refused = plan(cluster)
        #expect(refused.outcome == .infeasible)
        #expect(refused.blockers.map(\.domain) == ["held"])
        let rest = plan(cluster, bestEffort: true)
        #expect(rest.outcome == .plan)
        #expect(rest.steps.map(\.domainName) == ["free"])
        #expect(rest.blockers.map(\.reason) == [.hostDevice])
    }

    @Test func `anti-affine domains end apart, and affine ones together`() throws {
        var cluster = three()
        for name in ["a1", "a2"] {
            let index = cluster.domain(name, on: "host1")
            cluster.domains[index].facts.antiAffinityGroups = ["a"]
        }
        for name in ["t1", "t2"] {
            let index = cluster.domain(name, on: "host1", memory: .gibibytes(3))
            cluster.domains[index].facts.affinityGroups = ["t"]
        }
        let plan = plan(cluster)
        let target = Dictionary(
            plan.steps.map { ($0.domainName, $0.move.target) }, uniquingKeysWith: { one, _ in one })
        #expect(target["a1"] != target["a2"])
        #expect(target["t1"] == target["t2"])
    }

    @Test func `peaks in different slots share a host`() {
        var cluster = ClusterBuilder()
        cluster.slots = 2
        cluster.host("host1", cpus: 4)
        cluster.host("host2", cpus: 4)
        cluster.domain("day", on: "host1", cpu: [3500, 200])
        cluster.domain("night", on: "host2", cpu: [200, 3500])
        #expect(plan(cluster).outcome == .plan)
        #expect(plan(cluster).steps.flatMap(\.cautions) == [])
        cluster.domains[1].demand.cpu = [3500, 200]
        #expect(plan(cluster).steps.flatMap(\.cautions).count == 1)
    }
}
