import ClusterModel
import PlacementPolicy
import Planning
import TestSupport
import Testing

/// What contradicts what in a drain that cannot be done, and the ways out.
@Suite struct ConflictTests {
    private func plan(
        _ cluster: ClusterBuilder, _ policy: Policy = .default, drain: [HostName] = ["host1"]
    ) -> MigrationPlan {
        Planner.plan(.drain(drain), from: cluster.snapshot, under: policy, seed: 1)
    }

    private func kinds(_ plan: MigrationPlan) -> [String] {
        (plan.conflict?.constraints.map(\.kind) ?? []).sorted()
    }

    private var policy: Policy {
        var policy = Policy()
        policy.perDomainOverhead = .zero
        return policy
    }

    @Test func `memory that is short is named with the amount to free`() throws {
        var cluster = ClusterBuilder()
        cluster.host("host1")
        cluster.host("host2", memory: .gibibytes(8))
        cluster.host("host3", memory: .gibibytes(4))
        cluster.domain("big", on: "host1", memory: .gibibytes(6))
        cluster.domain("small", on: "host1", memory: .gibibytes(1))
        cluster.domain("resident", on: "host2", memory: .gibibytes(5))
        let conflict = try #require(plan(cluster, policy).conflict)
        #expect(conflict.constraints.map(\.kind) == ["memory", "memory", "drain"])
        #expect(conflict.constraints.last?.detail == "big must leave host1")
        #expect(conflict.isSmallest && conflict.isProven)
        // Moving the resident to host3 would need 1 GiB there, so that big fits on host2.
        #expect(conflict.relaxations.contains(["free 1 GiB of memory on host3"]))
        #expect(conflict.relaxations.contains(["free 3 GiB of memory on host2"]))
        #expect(conflict.relaxations.last == ["shut big down for the drain"])
    }

    @Test func `a group that stands in the way is named, with who would be beside whom`() throws {
        var cluster = ClusterBuilder()
        for host in ["host1", "host2"] as [HostName] { cluster.host(host) }
        for (index, host) in (["host1", "host2"] as [HostName]).enumerated() {
            let domain = cluster.domain("web\(index + 1)", on: host)
            cluster.domains[domain].facts.antiAffinityGroups = ["web"]
        }
        let conflict = try #require(plan(cluster).conflict)
        #expect(conflict.constraints.map(\.kind) == ["anti-affinity", "drain"])
        #expect(
            conflict.relaxations == [
                ["allow web1 beside web2 during the drain (group 'web')"],
                ["shut web1 down for the drain"],
            ])
    }

    @Test func `constraints that conflict apart from each other are all given way to`() throws {
        var cluster = ClusterBuilder()
        for host in ["host1", "host2"] as [HostName] { cluster.host(host) }
        let pinned = cluster.domain("db", on: "host1")
        cluster.domains[pinned].facts.isPinned = true
        cluster.domain("local", on: "host1", disk: "/var/lib/libvirt/images/local")
        let conflict = try #require(plan(cluster).conflict)
        #expect(conflict.constraints.count == 2)
        let way = try #require(conflict.relaxations.first)
        #expect(way.count == 2, "\(way)")
        #expect(way.contains { $0.hasPrefix("db: remove the pin") }, "\(way)")
        #expect(way.contains { $0.hasPrefix("local: allow its disks to be copied") }, "\(way)")
    }

    @Test func `a host in maintenance is a way out`() throws {
        var cluster = ClusterBuilder()
        for host in ["host1", "host2"] as [HostName] { cluster.host(host) }
        cluster.hosts[1].inMaintenance = true
        cluster.domain("web1", on: "host1")
        let conflict = try #require(plan(cluster).conflict)
        #expect(kinds(plan(cluster)) == ["drain", "maintenance"])
        #expect(conflict.relaxations.first == ["kvmbalance hosts enable host2"])
    }

    @Test func `small random conflicts have a way out`() throws {
        var seen = 0
        for seed in UInt64(1)...60 {
            let snapshot = RandomCluster.small(seed: seed &+ 5000).snapshot
            let policy = PlannerPropertyTests.policy(seed)
            let plan = Planner.plan(.drain(["host1"]), from: snapshot, under: policy, seed: seed)
            guard plan.outcome == .infeasible else { continue }
            let conflict = try #require(plan.conflict, "seed \(seed)")
            #expect(!conflict.constraints.isEmpty && !conflict.relaxations.isEmpty, "seed \(seed)")
            seen += 1
        }
        #expect(seen > 15)
    }
}
