import ClusterModel
import Foundation
import PlacementPolicy
import PlanChecking
import Planning
import TestSupport
import Testing

/// Rules that should hold and need not: kept where that can be, broken for maintenance as little
/// as is enough, told, and mended afterwards.
@Suite struct PreferredRuleTests {
    private func fleet(_ hosts: Int, _ domains: (String, HostName)...) -> ClusterBuilder {
        var cluster = ClusterBuilder()
        for number in 1...hosts { cluster.host(HostName("host\(number)")) }
        for (name, host) in domains { cluster.domain(name, on: host) }
        return cluster
    }

    private func quorum(_ hosts: Int) -> ClusterBuilder {
        fleet(hosts, ("etcd1", "host1"), ("etcd2", "host2"), ("etcd3", "host3"))
    }

    private func policy(_ yaml: String) throws -> Policy { try Policy(yaml: "name: p\n" + yaml) }

    private func plan(
        _ request: PlanRequest, _ snapshot: ClusterSnapshot, _ policy: Policy
    ) -> MigrationPlan {
        let plan = Planner.plan(
            request, from: snapshot, under: policy, seed: 1, effort: PlannerPropertyTests.effort)
        #expect(PlanChecker.check(plan, on: snapshot, under: policy) == [])
        return plan
    }

    private static let quorumApart = "antiAffinity: [{name: quorum, domains: [etcd*], prefer: 10}]"

    @Test func `a quorum of three on three hosts can be drained, and is mended by the return`()
        throws
    {
        let snapshot = quorum(3).snapshot
        let policy = try policy(Self.quorumApart)
        let drain = plan(.drain(["host1"]), snapshot, policy)
        #expect(drain.outcome == .plan)
        let target = try #require(drain.steps.first?.move.target)
        let other = target == "host2" ? "etcd2" : "etcd3"
        #expect(
            drain.brokenRules == [
                BrokenRule(
                    rule: RuleID(.antiAffinity, 1), title: "anti-affinity 'quorum' (prefer: 10)",
                    detail: "etcd1, \(other) on \(target)")
            ])
        let away = snapshot.applying(drain.moves)
        let back = plan(.return([ReturnMove("id-of-etcd1", home: "host1")]), away, policy)
        #expect(back.brokenRules == [] && away.applying(back.moves).domains == snapshot.domains)
        // Whatever brings the host back, balance mends it too.
        let mended = plan(.balance(maxMoves: nil), away, policy)
        #expect(mended.moves.count == 1 && mended.brokenRules == [])
    }

    @Test func `required rules refuse, and no plan may break them`() throws {
        let snapshot = quorum(3).snapshot
        let required = try policy("antiAffinity: [{name: quorum, domains: [etcd*]}]")
        #expect(plan(.drain(["host1"]), snapshot, required).outcome == .infeasible)
        var drain = plan(.drain(["host1"]), snapshot, try policy(Self.quorumApart))
        let judged = PlanChecker.check(drain, on: snapshot, under: required)
        #expect(judged.map(\.rule) == [.reference])
        drain.brokenRules = []
        let untold = PlanChecker.check(drain, on: snapshot, under: try policy(Self.quorumApart))
        #expect(Set(untold.map(\.rule)) == [.antiAffinity])
        drain = plan(.drain(["host1"]), snapshot, try policy(Self.quorumApart))
        drain.kind = .balance
        let balance = PlanChecker.check(drain, on: snapshot, under: try policy(Self.quorumApart))
        #expect(balance.contains { $0.detail == "a balance may not break preferred rules" })
    }

    @Test func `what can be kept is kept`() throws {
        let kept = plan(.drain(["host1"]), quorum(4).snapshot, try policy(Self.quorumApart))
        #expect(kept.moves.map(\.target) == ["host4"] && kept.brokenRules == [])
    }

    @Test func `the lighter rule is broken, and only that`() throws {
        var cluster = fleet(3, ("a", "host1"), ("b", "host2"), ("c", "host3"))
        cluster.domain("d", on: "host1")
        // Nobody makes room for a.
        for index in 1...2 { cluster.domains[index].facts.isPinned = true }
        let policy = try policy(
            """
            antiAffinity:
              - {name: heavy, domains: [a, b], prefer: 20}
              - {name: light, domains: [a, c], prefer: 5}
              - {name: idle, domains: [d, e], prefer: 1}
            """)
        let drain = plan(.drain(["host1"]), cluster.snapshot, policy)
        #expect(drain.brokenRules.map(\.title) == ["anti-affinity 'light' (prefer: 5)"])
        #expect(drain.moves.first { $0.domain == "id-of-a" }?.target == "host3")
    }

    @Test func `a group is crowded by one, and not by all that would fit`() throws {
        var cluster = fleet(4, ("q1", "host1"), ("q2", "host2"), ("q3", "host3"), ("q4", "host4"))
        // The emptier one would take both.
        cluster.domain("big", on: "host3", memory: .gibibytes(10))
        let policy = try policy("antiAffinity: [{name: q, domains: [q*], prefer: 1}]")
        let drain = plan(.drain(["host1", "host2"]), cluster.snapshot, policy)
        #expect(Set(drain.moves.map(\.target)) == ["host3", "host4"])
        #expect(drain.brokenRules.count == 1)
    }

    @Test func `fences, bans and affinity give way too`() throws {
        let snapshot = fleet(2, ("oracle", "host1")).snapshot
        for (rule, title) in [
            (
                "fence: [{domains: [oracle*], hosts: [host1], prefer: 3}]",
                "fence of oracle* on host1 (prefer: 3)"
            ),
            (
                "ban: [{domains: [oracle*], hosts: [host2], prefer: 3}]",
                "ban of oracle* from host2 (prefer: 3)"
            ),
        ] {
            let drain = plan(.drain(["host1"]), snapshot, try policy(rule))
            #expect(drain.brokenRules.map(\.title) == [title])
            #expect(drain.brokenRules.map(\.detail) == ["oracle on host2"])
        }
        var cluster = ClusterBuilder()
        for number in 1...3 {
            cluster.host(HostName("host\(number)"), memory: .gibibytes(number == 1 ? 16 : 8))
        }
        for name in ["x", "y"] { cluster.domain(name, on: "host1", memory: .gibibytes(6)) }
        let together = try policy("affinity: [{name: xy, domains: [x, y], prefer: 7}]")
        let drain = plan(.drain(["host1"]), cluster.snapshot, together)
        #expect(Set(drain.moves.map(\.target)) == ["host2", "host3"])
        #expect(drain.brokenRules.map(\.title) == ["affinity 'xy' (prefer: 7)"])
        #expect(drain.brokenRules[0].detail.contains("; "))
    }

    @Test func `where rules are not the reason they are not broken, and not blamed`() throws {
        var cluster = quorum(3)
        cluster.domains[0].facts.isPinned = true
        let pinned = plan(.drain(["host1"]), cluster.snapshot, try policy(Self.quorumApart))
        #expect(pinned.outcome == .infeasible && pinned.brokenRules == [])
        #expect(pinned.blockers.map(\.reason) == [.pinned])
    }

    @Test func `a best effort leaves nobody behind for a preferred rule`() throws {
        var cluster = quorum(3)
        let fixed = cluster.domain("fixed", on: "host1")
        cluster.domains[fixed].facts.isPinned = true
        let drain = plan(
            .drain(["host1"], bestEffort: true), cluster.snapshot, try policy(Self.quorumApart))
        #expect(drain.moves.map(\.domain) == ["id-of-etcd1"] && drain.brokenRules.count == 1)
        #expect(drain.blockers.compactMap(\.domain) == ["fixed"])
    }

    @Test func `hosts of a quorum are rebooted one after another`() throws {
        let snapshot = quorum(3).snapshot
        let policy = try policy(Self.quorumApart + "\nrollingReboot: {bringBack: true}")
        let reboot = Planner.rollingReboot(
            from: snapshot, under: policy, seed: 1, effort: PlannerPropertyTests.effort)
        #expect(PlanChecker.check(reboot, on: snapshot, under: policy) == [])
        #expect(reboot.outcome == .plan && reboot.rounds.count == 3)
        #expect(reboot.rounds.allSatisfy { $0.away.brokenRules.count == 1 })
    }

    @Test func `it survives being saved`() throws {
        let drain = plan(.drain(["host1"]), quorum(3).snapshot, try policy(Self.quorumApart))
        let data = try JSONEncoder().encode(drain)
        #expect(try JSONDecoder().decode(MigrationPlan.self, from: data) == drain)
        #expect(String(decoding: data, as: UTF8.self).contains("\"broken_rules\""))
    }

    @Test(arguments: ["0", "1001", "yes", "1.5"])
    func `a weight is a whole number from 1 to 1000`(weight: String) {
        for rule in ["affinity", "antiAffinity"] {
            #expect(throws: PolicyError.self) {
                try policy("\(rule): [{domains: [a*], prefer: \(weight)}]")
            }
        }
        #expect(throws: PolicyError.self) {
            try policy("ban: [{domains: [a*], hosts: [h], prefer: \(weight)}]")
        }
    }
}
