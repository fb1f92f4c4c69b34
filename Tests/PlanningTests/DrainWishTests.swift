import ClusterModel
import PlacementPolicy
import PlanChecking
import Planning
import TestSupport
import Testing

/// Drains that are told where to go, where not, and whom to leave.
@Suite struct DrainWishTests {
    private func plan(
        _ cluster: ClusterBuilder, _ wishes: PlanWishes, bestEffort: Bool = false
    ) -> MigrationPlan {
        let plan = Planner.plan(
            .drain(["host1"], wishes: wishes, bestEffort: bestEffort), from: cluster.snapshot,
            under: .default, seed: 1)
        let violations = PlanChecker.check(
            plan, on: cluster.snapshot, under: .default, asked: wishes)
        #expect(violations == [])
        return plan
    }

    private var cluster: ClusterBuilder {
        var cluster = ClusterBuilder()
        for name in ["host1", "host2", "host3", "host4"] { cluster.host(HostName(name)) }
        for name in ["a", "b", "c"] { cluster.domain(name, on: "host1") }
        cluster.domain("resident", on: "host2", memory: .gibibytes(6))
        return cluster
    }

    @Test func `only the named hosts take what leaves`() {
        #expect(Set(plan(cluster, PlanWishes(to: ["host2"])).moves.map(\.target)) == ["host2"])
        let two = plan(cluster, PlanWishes(to: ["host2", "host3"]))
        #expect(Set(two.moves.map(\.target)).isSubset(of: ["host2", "host3"]))
        #expect(two.unused.contains { $0.names == ["host4"] && $0.reason.contains("--to names") })
        #expect(two.wishes.to == ["host2", "host3"])
    }

    @Test func `who makes room on a named host may go elsewhere`() {
        var cluster = cluster
        cluster.domains[0].facts.memory = .gibibytes(10)
        let plan = plan(cluster, PlanWishes(to: ["host2"]))
        #expect(plan.outcome == .plan, "\(plan.blockers)")
        let room = plan.steps.first { $0.domainName == "resident" }
        #expect(room != nil && room?.move.target != "host2")
        #expect(room?.effect?.serves == "room")
    }

    @Test func `hosts that are left out take nothing`() {
        let plan = plan(cluster, PlanWishes(notTo: ["host3", "host4"]))
        #expect(Set(plan.moves.map(\.target)) == ["host2"])
    }

    @Test func `an excepted domain stays and is told`() {
        let except = cluster.named(["b"])
        let plan = plan(cluster, PlanWishes(except: except))
        #expect(plan.outcome == .plan && Set(plan.steps.map(\.domainName)) == ["a", "c"])
        #expect(plan.blockers.isEmpty)
        #expect(
            plan.staying == [
                PlanNote(
                    names: ["b"],
                    reason: "left out with --except, so host1 is not empty afterwards")
            ])
        let all = self.plan(cluster, PlanWishes(except: cluster.named(["a", "b", "c"])))
        #expect(all.outcome == .nothingToDo && all.staying.first?.names == ["a", "b", "c"])
    }

    @Test func `who must stay together with an excepted domain is named with the way out`() {
        var cluster = cluster
        for index in 0...1 { cluster.domains[index].facts.affinityGroups = ["pair"] }
        let plan = plan(cluster, PlanWishes(except: cluster.named(["b"])))
        #expect(plan.outcome == .infeasible)
        #expect(plan.blockers.map(\.domain) == ["a"])
        #expect(
            plan.blockers.map(\.remedy) == [
                "leave out --except b, or let it stay too: --except a"
            ])
        #expect(plan.conflict?.relaxations.contains(["leave out --except b"]) == true)
        let rest = self.plan(
            cluster, PlanWishes(except: cluster.named(["b"])), bestEffort: true)
        #expect(rest.steps.map(\.domainName) == ["c"])
    }
}
