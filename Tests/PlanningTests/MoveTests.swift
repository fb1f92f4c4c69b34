import ClusterModel
import PlacementPolicy
import PlanChecking
import Planning
import TestSupport
import Testing

/// Single domains to a host, or to the best one.
@Suite struct MoveTests {
    private func plan(
        _ cluster: ClusterBuilder, _ names: [String], to: [HostName] = [], notTo: [HostName] = [],
        bestEffort: Bool = false, policy: Policy = .default
    ) -> MigrationPlan {
        let wishes = PlanWishes(moves: cluster.named(names), to: to, notTo: notTo)
        return plan(cluster, .move(wishes, bestEffort: bestEffort), policy: policy)
    }

    private func plan(
        _ cluster: ClusterBuilder, _ request: PlanRequest, policy: Policy = .default
    ) -> MigrationPlan {
        let plan = Planner.plan(request, from: cluster.snapshot, under: policy, seed: 1)
        let violations = PlanChecker.check(
            plan, on: cluster.snapshot, under: policy, asked: request.wishes)
        #expect(violations == [])
        return plan
    }

    private func targets(_ plan: MigrationPlan) -> [String: HostName] {
        Dictionary(plan.steps.map { ($0.domainName, $0.move.target) }) { $1 }
    }

    private func three() -> ClusterBuilder {
        var cluster = ClusterBuilder()
        for name in ["host1", "host2", "host3"] { cluster.host(HostName(name)) }
        return cluster
    }

    @Test func `a domain goes to the host that was named, and no other moves`() {
        var cluster = three()
        for name in ["web1", "web2"] { cluster.domain(name, on: "host1") }
        cluster.domain("big", on: "host2", memory: .gibibytes(8))
        let plan = plan(cluster, ["web1"], to: ["host2"])
        #expect(plan.kind == .move && plan.hosts.isEmpty)
        #expect(targets(plan) == ["web1": "host2"])
        #expect(plan.steps.map(\.rationale) == ["it is to move to host2"])
        #expect(plan.steps[0].effect?.serves == "move")
        #expect(plan.score?.bound["moves"] == 1)
        #expect(plan.wishes.moves.map(\.name) == ["web1"])
    }

    @Test func `without a host each domain leaves its own for the emptiest`() {
        var cluster = three()
        for name in ["web1", "web2"] { cluster.domain(name, on: "host1") }
        cluster.domain("big", on: "host2", memory: .gibibytes(8))
        let single = plan(cluster, ["web1"])
        #expect(targets(single) == ["web1": "host3"])
        #expect(single.steps[0].rationale.hasPrefix("it is to leave host1; host3 will have"))
        // Also where its host is the emptiest of all.
        var lonely = three()
        lonely.domain("web1", on: "host1")
        lonely.domain("a", on: "host2", memory: .gibibytes(4))
        lonely.domain("b", on: "host3", memory: .gibibytes(3))
        #expect(targets(plan(lonely, ["web1"])) == ["web1": "host3"])
    }

    @Test func `what is left out with not-to receives nothing`() {
        var cluster = three()
        cluster.domain("web1", on: "host1")
        cluster.domain("big", on: "host2", memory: .gibibytes(8))
        #expect(targets(plan(cluster, ["web1"], notTo: ["host3"])) == ["web1": "host2"])
        let none = plan(cluster, ["web1"], notTo: ["host2", "host3"])
        #expect(none.outcome == .infeasible)
        #expect(none.blockers.map(\.domain) == ["web1"])
        #expect(none.blockers[0].detail.contains("left out with --not-to"))
        #expect(none.conflict?.relaxations.first == ["leave out --not-to host2"])
    }

    @Test func `two full hosts swap their domains`() {
        var cluster = ClusterBuilder()
        for name in ["host1", "host2"] {
            cluster.host(HostName(name), memory: .gibibytes(9))
        }
        cluster.domain("a", on: "host1", memory: .gibibytes(4))
        cluster.domain("b", on: "host2", memory: .gibibytes(2))
        cluster.domain("c", on: "host2", memory: .gibibytes(4))
        let plan = plan(cluster, ["a"], to: ["host2"])
        #expect(plan.outcome == .plan, "\(plan.blockers)")
        #expect(targets(plan)["a"] == "host2" && plan.steps.count == 2)
        let other = plan.steps.first { $0.domainName != "a" }
        #expect(other?.move.target == "host1" && other?.effect?.serves == "room")
        #expect(other?.rationale.contains("makes room on host2 for a") == true)
    }

    @Test func `two domains that were named change places`() {
        var cluster = ClusterBuilder()
        for name in ["host1", "host2"] { cluster.host(HostName(name), memory: .gibibytes(6)) }
        cluster.domain("a", on: "host1", memory: .gibibytes(2))
        cluster.domain("b", on: "host2", memory: .gibibytes(2))
        #expect(targets(plan(cluster, ["a", "b"])) == ["a": "host2", "b": "host1"])
    }

    @Test func `domains that must stay together move together, and it is said`() {
        var cluster = three()
        for name in ["a", "b"] {
            let index = cluster.domain(name, on: "host1")
            cluster.domains[index].facts.affinityGroups = ["pair"]
        }
        let plan = plan(cluster, ["b"], to: ["host3"])
        #expect(targets(plan) == ["a": "host3", "b": "host3"])
        let along = plan.steps.first { $0.domainName == "a" }?.rationale
        #expect(along == "moves with b, which an affinity group keeps it with")
        cluster.domains[0].facts.isPinned = true
        let held = self.plan(cluster, ["b"], to: ["host3"])
        #expect(held.outcome == .infeasible)
        #expect(held.blockers.map(\.reason) == [.affinity])
        #expect(held.blockers[0].detail.contains("keeps it with a, which cannot leave"))
        #expect(held.blockers[0].job == nil)
        // What it waits for is what the other one waits for.
        cluster.domains[0].facts.isPinned = false
        cluster.domains[0].facts.blockers = [
            Blocker(reason: .blockJob, detail: "d", remedy: "r", job: PassingJob(.backup))
        ]
        #expect(
            self.plan(cluster, ["b"], to: ["host3"]).blockers.map(\.job) == [PassingJob(.backup)])
        cluster.domains[0].facts.isPinned = true
        #expect(self.plan(cluster, ["b"], to: ["host3"]).blockers.map(\.job) == [nil])
    }

    @Test func `groups and fences keep a domain away as they do in a drain`() {
        var cluster = three()
        for (name, host) in [("a", "host1"), ("b", "host2")] as [(String, HostName)] {
            let index = cluster.domain(name, on: host)
            cluster.domains[index].facts.antiAffinityGroups = ["g"]
        }
        // The other one makes room, as it would for a drain.
        #expect(targets(plan(cluster, ["a"], to: ["host2"]))["a"] == "host2")
        cluster.domains[1].facts.isPinned = true
        let apart = plan(cluster, ["a"], to: ["host2"])
        #expect(apart.outcome == .infeasible)
        #expect(apart.blockers.map(\.reason) == [.antiAffinity])
        #expect(apart.blockers[0].detail.contains("keeps it apart from b"))
        #expect(apart.conflict?.relaxations.contains { $0[0].hasPrefix("leave out --to") } == true)
        var policy = Policy.default
        policy.fence = [HostRule(domains: ["a"], hosts: ["host1", "host2"])]
        let fenced = plan(cluster, ["a"], to: ["host3"], policy: policy)
        #expect(fenced.blockers.map(\.detail) == ["host3: the policy fences it in on host1, host2"])
    }

    @Test func `what is there already is told, and stays while others come`() {
        var cluster = three()
        cluster.domain("a", on: "host2", memory: .gibibytes(8))
        cluster.domain("b", on: "host1", memory: .gibibytes(7))
        let done = plan(cluster, ["a"], to: ["host2"])
        #expect(done.outcome == .nothingToDo)
        #expect(done.staying == [PlanNote(names: ["a"], reason: "it is on host2 already")])
        // It makes no room for the other: it is to be there.
        let both = plan(cluster, ["a", "b"], to: ["host2"])
        #expect(both.outcome == .plan && targets(both) == ["b": "host2"])
        cluster.domains[1].facts.memory = .gibibytes(9)
        #expect(plan(cluster, ["a", "b"], to: ["host2"]).outcome == .infeasible)
    }

    @Test func `hosts that take nothing are named with a remedy`() {
        var cluster = three()
        cluster.domain("a", on: "host1")
        cluster.hosts[1].inMaintenance = true
        let closed = plan(cluster, ["a"], to: ["host2"])
        #expect(closed.blockers.map(\.detail) == ["host2: it is in maintenance"])
        #expect(closed.blockers.map(\.remedy) == ["kvmbalance hosts enable host2"])
        cluster.hosts[1].fault = "no route to host"
        let silent = plan(cluster, ["a"], to: ["host2"])
        #expect(silent.blockers.map(\.detail) == ["host2: no route to host"])
        #expect(silent.blockers.map(\.remedy) == ["kvmbalance hosts check host2"])
        let unknown = plan(cluster, ["a"], to: ["host9"])
        #expect(unknown.blockers.first?.detail == "there is no host host9 in the fleet")
    }

    @Test func `a full host says what is short there`() {
        var cluster = three()
        cluster.domain("a", on: "host1", memory: .gibibytes(8))
        let index = cluster.domain("b", on: "host2", memory: .gibibytes(12))
        cluster.domains[index].facts.isPinned = true
        let plan = plan(cluster, ["a"], to: ["host2"])
        #expect(plan.blockers.first { $0.domain == "a" }?.host == "host2")
        #expect(plan.blockers.first { $0.domain == "a" }?.reason == .memory)
        #expect(
            plan.conflict?.relaxations.contains([
                "leave out --to, so that the planner "
                    + "chooses the host"
            ]) == true, "\(String(describing: plan.conflict))")
    }

    @Test func `one that does not run is refused, or moves by its definition`() {
        var cluster = three()
        cluster.domain("off", on: "host1", state: .shutOff)
        let refused = plan(cluster, ["off"], to: ["host2"])
        #expect(refused.blockers.map(\.detail) == ["it does not run on host1 (shut-off)"])
        #expect(
            refused.blockers[0].remedy.hasSuffix("kvmbalance move off --to host2 --offline"),
            "\(refused.blockers)")
        var policy = Policy.default
        policy.migration.offline = ["*"]
        cluster.domains[0].facts.isPersistent = true
        let cold = plan(cluster, ["off"], to: ["host2"], policy: policy)
        #expect(cold.steps.map(\.mode) == [.offline] && cold.steps.map(\.isShutOff) == [true])
    }

    @Test func `best effort moves who can go`() {
        var cluster = three()
        cluster.domain("free", on: "host1")
        let index = cluster.domain("held", on: "host1")
        cluster.domains[index].facts.isPinned = true
        #expect(plan(cluster, ["free", "held"]).outcome == .infeasible)
        let rest = plan(cluster, ["free", "held"], bestEffort: true)
        #expect(rest.steps.map(\.domainName) == ["free"])
        #expect(rest.blockers.map(\.domain) == ["held"])
    }

    @Test func `a run that goes on moves nobody twice, and a pair ends together`() {
        var cluster = three()
        for name in ["a", "b"] {
            let index = cluster.domain(name, on: "host1")
            cluster.domains[index].facts.affinityGroups = ["pair"]
        }
        let wishes = PlanWishes(moves: cluster.named(["a"]))
        cluster.domains[0].host = "host3"
        // Only the second of them is still to come, and host2 is emptier.
        cluster.domain("other", on: "host3")
        let rest = plan(cluster, .move(wishes))
        #expect(targets(rest) == ["b": "host3"])
        cluster.domains[1].host = "host3"
        let done = plan(cluster, .move(wishes))
        #expect(done.outcome == .nothingToDo)
        #expect(done.staying.map(\.reason) == ["it has left host1 and is on host3"])
    }
}

extension ClusterBuilder {
    /// Domains as an operator names them.
    func named(_ names: [String]) -> [NamedDomain] {
        names.compactMap { name in
            domains.first { $0.name == name }.map {
                NamedDomain($0.id, name: $0.name, host: $0.host)
            }
        }
    }
}
