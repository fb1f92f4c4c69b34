import ClusterModel
import PlacementPolicy
import PlanChecking
import Planning
import TestSupport
import Testing

/// Targets where hosts have links of different speeds.
@Suite struct LinkTimesTests {
    private func plan(_ cluster: ClusterBuilder) -> MigrationPlan {
        let plan = Planner.plan(
            .drain(["host1"]), from: cluster.snapshot, under: .default, seed: 1)
        #expect(plan.outcome == .plan)
        #expect(PlanChecker.check(plan, on: cluster.snapshot, under: .default) == [])
        return plan
    }

    /// Six guests, one host with a fast link that holds most, and two emptier ones with slow links.
    private var mixed: ClusterBuilder {
        var cluster = ClusterBuilder()
        for (index, link) in [25_000, 25_000, 1000, 1000].enumerated() {
            cluster.host(HostName("host\(index + 1)"), memory: .gibibytes(128))
            cluster.hosts[index].linkMbps = link
        }
        for index in 1...6 { cluster.domain("vm\(index)", on: "host1", memory: .gibibytes(12)) }
        cluster.domain("x", on: "host2", memory: .gibibytes(30))
        cluster.domain("y", on: "host3", memory: .gibibytes(16))
        cluster.domain("z", on: "host4", memory: .gibibytes(16))
        return cluster
    }

    @Test func `guests go where the link is fast as long as load stays as even as it was`() {
        let plan = plan(mixed)
        #expect(plan.steps.count == 6)
        #expect(plan.steps.count { $0.move.target == "host2" } == 4)
        // Over each of the slow links one guest of 12 GiB: 104 s; two would take twice that.
        #expect(plan.makespanMilliseconds < 130_000)
        let reason = plan.steps.first { $0.move.target == "host2" }?.rationale ?? ""
        #expect(reason.contains("have slower links"), "\(reason)")
        #expect(Self.spread(mixed.snapshot.applying(plan.moves), besides: "host1") <= 50)
    }

    @Test func `a fast link is no reason to overload a host`() {
        var cluster = mixed
        cluster.domain("more", on: "host2", memory: .gibibytes(50))
        let plan = plan(cluster)
        #expect(plan.steps.count { $0.move.target == "host2" } <= 2)
    }

    @Test func `where all links are alike, guests are evened out`() {
        for link in [1000, 25_000] {
            var cluster = mixed
            for index in cluster.hosts.indices { cluster.hosts[index].linkMbps = link }
            let plan = plan(cluster)
            #expect(plan.steps.count { $0.move.target == "host2" } == 1)
        }
    }

    @Test func `fleets stay as even as they were, or as the policy asks for`() {
        var changed = 0
        for seed in UInt64(1)...40 {
            var random = SeededGenerator(seed: seed)
            var cluster = ClusterBuilder()
            for index in 0..<random.int(3...8) {
                cluster.host(HostName("host\(index + 1)"), memory: .gibibytes(64), cpus: 64)
                cluster.hosts[index].linkMbps = [1000, 10_000, 25_000][random.int(0...2)]
                for number in 0..<random.int(2...7) {
                    cluster.domain(
                        "vm\(index)-\(number)", on: HostName("host\(index + 1)"),
                        memory: .gibibytes(Int64(random.int(1...5))))
                }
            }
            let before = Self.spread(cluster.snapshot, besides: nil)
            let fast = plan(cluster)
            let after = Self.spread(cluster.snapshot.applying(fast.moves), besides: "host1")
            var alike = cluster
            for index in alike.hosts.indices { alike.hosts[index].linkMbps = 10_000 }
            let even = plan(alike).moves
            let evenest = Self.spread(cluster.snapshot.applying(even), besides: "host1")
            #expect(after <= max(20, before, evenest) + 1, "seed \(seed)")
            if fast.moves != even { changed += 1 }
        }
        #expect(changed > 5, "\(changed)")
    }

    /// Points between the fullest and the emptiest host, in memory.
    private static func spread(_ snapshot: ClusterSnapshot, besides host: HostName?) -> Int64 {
        let shares = snapshot.hosts.filter { $0.name != host }.map { host -> Int64 in
            let used = snapshot.domains.filter { $0.host == host.name }.reduce(Int64(0)) {
                $0 + Policy.default.memoryDemand(of: $1.facts).count
            }
            return used * 100 / max(1, Policy.default.usableMemory(of: host).count)
        }
        return (shares.max() ?? 0) - (shares.min() ?? 0)
    }
}
