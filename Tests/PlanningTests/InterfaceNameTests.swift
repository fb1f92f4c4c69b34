import ClusterModel
import Foundation
import PlacementPolicy
import PlanChecking
import Planning
import TestSupport
import Testing

/// Networks that hosts call by different names.
@Suite struct InterfaceNameTests {
    /// host1 calls the network br0, host2 calls it vmbr0 and has another br0.
    static let policy: Policy = {
        var policy = Policy()
        policy.interfaces = [
            InterfaceNames(name: "br0", hosts: ["host2": "vmbr0"]),
            InterfaceNames(name: "default", hosts: ["host2": "lan"]),
        ]
        return policy
    }()

    static func cluster(_ cards: [NetworkInterface], on host: HostName = "host1") -> ClusterBuilder
    {
        var cluster = ClusterBuilder()
        for name in ["host1", "host2"] { cluster.host(HostName(name)) }
        cluster.hosts[1].facts?.bridges = ["br0", "vmbr0"]
        cluster.hosts[1].facts?.networks = ["lan"]
        cluster.domain("web", on: host)
        cluster.domains[0].facts.interfaces = cards
        return cluster
    }

    static func plan(_ cluster: ClusterBuilder, _ policy: Policy = policy) -> MigrationPlan {
        Planner.plan(
            .drain([cluster.domains[0].host]), from: cluster.snapshot, under: policy, seed: 1)
    }

    static let both: [NetworkInterface] = [
        .bridge("br0"), .network("default"), .bridge("br0"), .direct(device: "eth0"),
    ]

    @Test func `a step names what is called otherwise on its target, either way`() throws {
        let there = Self.cluster(Self.both)
        let plan = Self.plan(there)
        #expect(PlanChecker.check(plan, on: there.snapshot, under: Self.policy) == [])
        let step = try #require(plan.steps.first)
        #expect(step.interfaces == ["br0": "vmbr0", "default": "lan"])
        #expect(step.cautions.contains("its network br0 is vmbr0 there"))
        let read = try JSONDecoder().decode(
            MigrationPlan.self, from: JSONEncoder().encode(plan))
        #expect(read == plan)

        let back = Self.cluster([.bridge("vmbr0"), .network("lan")], on: "host2")
        let home = Self.plan(back)
        #expect(PlanChecker.check(home, on: back.snapshot, under: Self.policy) == [])
        #expect(home.steps.map(\.interfaces) == [["vmbr0": "br0", "lan": "default"]])
    }

    @Test func `what is called alike and is another network keeps its domain there`() {
        let cluster = Self.cluster([.bridge("br0")], on: "host2")
        let plan = Self.plan(cluster)
        #expect(plan.blockers.map(\.reason) == [.network])
        #expect(plan.blockers.first?.detail.contains("'br0' is a different network") == true)
    }

    @Test func `without the policy's word it does not go where the name is missing`() {
        let cluster = Self.cluster([.bridge("vmbr0")], on: "host2")
        let plan = Self.plan(cluster, .default)
        #expect(plan.blockers.map(\.reason) == [.network])
        #expect(plan.blockers.first?.remedy.contains("under interfaces in the policy") == true)
    }

    @Test func `the judge sees a card in the wrong network`() throws {
        let cluster = Self.cluster(Self.both)
        let plan = Self.plan(cluster)
        for wrong in [[:], ["br0": "vmbr0"], ["br0": "br0", "default": "lan"]] {
            var mutant = plan
            mutant.steps[0].interfaces = wrong
            #expect(PlanChecker.check(mutant, on: cluster.snapshot, under: Self.policy) != [])
        }
        for needless in ["eth0", "eth7"] {
            var mutant = plan
            mutant.steps[0].interfaces[needless] = "eth1"
            #expect(PlanChecker.check(mutant, on: cluster.snapshot, under: Self.policy) != [])
        }

        // The same step by hand where br0 is another network, or where the target's name is
        // missing.
        var foreign = Self.cluster([.bridge("br0")], on: "host2")
        var step = plan.steps[0]
        step.move = Move(domain: step.move.domain, source: "host2", target: "host1")
        step.interfaces = [:]
        var byHand = plan
        byHand.steps = [step]
        #expect(PlanChecker.check(byHand, on: foreign.snapshot, under: Self.policy) != [])
        foreign = Self.cluster([.bridge("br0")])
        foreign.hosts[1].facts?.bridges = ["br0"]
        #expect(Self.plan(foreign).blockers.map(\.reason) == [.network])
        #expect(PlanChecker.check(plan, on: foreign.snapshot, under: Self.policy) != [])
    }
}
