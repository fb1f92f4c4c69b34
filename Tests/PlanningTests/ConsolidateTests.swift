import ClusterModel
import PlacementPolicy
import PlanChecking
import Planning
import TestSupport
import Testing

@Suite struct ConsolidateTests {
    private func plan(
        _ snapshot: ClusterSnapshot, _ policy: Policy = .default, only: [HostName]? = nil,
        seed: UInt64 = 1
    ) -> MigrationPlan {
        let plan = Planner.plan(
            .consolidate(only: only), from: snapshot, under: policy, seed: seed,
            effort: PlannerPropertyTests.effort)
        #expect(PlanChecker.check(plan, on: snapshot, under: policy) == [], "seed \(seed)")
        return plan
    }

    /// Four hosts of 16 GiB with 2, 4, 6 and 8 domains of 1 GiB: two are enough at 85 %.
    private var scattered: ClusterBuilder {
        var cluster = ClusterBuilder()
        for (index, count) in [2, 4, 6, 8].enumerated() {
            let host = HostName("host\(index + 1)")
            cluster.host(host)
            for number in 1...count { cluster.domain("vm\(index + 1)\(number)", on: host) }
        }
        return cluster
    }

    @Test func `the cheapest hosts are emptied, as few as can stay in use, and the bound is met`() {
        let plan = plan(scattered.snapshot)
        #expect(plan.hosts == ["host1", "host2"])
        #expect(plan.steps.count == 6)
        #expect(plan.score?.before["hosts_in_use"] == 4)
        #expect(plan.score?.after["hosts_in_use"] == 2)
        #expect(plan.score?.bound["hosts_in_use"] == 2)
        #expect(plan.score?.bound["moves"] == 6)
        #expect(plan.score?.gap == 0)
        #expect(plan.steps[0].rationale.contains("2 hosts carry what 4 did"))
    }

    @Test func `what the policy says of hosts and moves is kept`() {
        var policy = Policy()
        policy.consolidate.minActive = 3
        #expect(plan(scattered.snapshot, policy).hosts == ["host1"])
        policy = Policy()
        policy.consolidate.keep = ["host[1]", "host1"]
        #expect(plan(scattered.snapshot, policy).hosts == ["host2", "host3"])
        policy = Policy()
        policy.consolidate.maxMoves = 5
        #expect(plan(scattered.snapshot, policy).hosts == ["host1"])
        policy.consolidate.minEmptied = 2
        #expect(plan(scattered.snapshot, policy).outcome == .nothingToDo)
        policy = Policy()
        policy.consolidate.memoryLimit = 5000
        #expect(plan(scattered.snapshot, policy).hosts == ["host1"])
        #expect(plan(scattered.snapshot, only: ["host4"]).hosts == ["host4"])
    }

    @Test func `a host with a domain that cannot move stays in use`() {
        var cluster = scattered
        cluster.domains[0].facts.isPinned = true
        #expect(plan(cluster.snapshot).hosts == ["host2", "host3"])
    }

    @Test func `a host that was named and cannot be emptied is said to be held, and by whom`() {
        var cluster = scattered
        cluster.domains[0].facts.isPinned = true
        for index in 2...3 { cluster.domains[index].facts.affinityGroups = ["pair"] }
        cluster.domains[3].facts.isExcluded = true
        let none = plan(cluster.snapshot, only: ["host1", "host2"])
        #expect(none.outcome == .nothingToDo && none.steps.isEmpty)
        #expect(none.blockers.map(\.domain) == ["vm11", "vm21", "vm22"])
        #expect(none.blockers.map(\.reason) == [.pinned, .affinity, .excluded])
        let drain = Planner.plan(
            .drain(["host1", "host2"]), from: cluster.snapshot, under: .default, seed: 1)
        #expect(none.blockers == drain.blockers)
        // Of hosts that nobody named, and of those that are emptied, there is nothing to say.
        #expect(plan(cluster.snapshot).blockers == [])
        #expect(plan(cluster.snapshot, only: ["host3"]).blockers == [])
        let part = plan(cluster.snapshot, only: ["host1", "host3"])
        #expect(part.outcome == .plan && part.hosts == ["host3"])
        #expect(part.blockers.map(\.domain) == ["vm11"])
    }

    @Test func `an empty host is not begun, and one in maintenance left alone`() {
        var cluster = scattered
        cluster.host("host5", memory: .gibibytes(64))
        cluster.hosts[0].inMaintenance = true
        let plan = plan(cluster.snapshot)
        #expect(plan.hosts == ["host2"])
        #expect(plan.score?.bound["hosts_in_use"] == 2)
    }

    @Test func `with N+1 the hosts in use can stand the loss of one`() {
        var policy = Policy()
        policy.nPlusOne = .after
        // 20 GiB and overhead on two hosts of 16: no one of them could carry both.
        #expect(plan(scattered.snapshot, policy).hosts.count == 1)
        policy.nPlusOne = .during
        #expect(plan(scattered.snapshot, policy).hosts.count == 1)
    }

    @Test func `the judge accepts every consolidation, and nothing is left to do after it`() {
        var outcomes: [MigrationPlan.Outcome: Int] = [:]
        for seed in UInt64(1)...60 {
            let cluster =
                seed % 3 == 0
                ? RandomCluster.medium(seed: seed)
                : seed % 3 == 1
                    ? RandomCluster.small(seed: seed) : RandomCluster.troubled(seed: seed)
            var policy = PlannerPropertyTests.policy(seed)
            policy.nPlusOne = [.off, .after, .during][Int(seed / 3 % 3)]
            let plan = plan(cluster.snapshot, policy, seed: seed)
            outcomes[plan.outcome, default: 0] += 1
            guard plan.outcome == .plan else { continue }
            let again = self.plan(cluster.snapshot.applying(plan.moves), policy, seed: seed)
            #expect(again.steps.isEmpty, "seed \(seed): \(plan.hosts) then \(again.hosts)")
            let score = plan.score
            #expect(
                score?.after["hosts_in_use"] ?? 0 >= score?.bound["hosts_in_use"] ?? 99,
                "seed \(seed)")
        }
        #expect(outcomes[.plan, default: 0] > 15, "\(outcomes)")
    }

    @Test func `the same input and seed give the same plan`() {
        for seed in UInt64(1)...4 {
            let snapshot = RandomCluster.medium(seed: seed).snapshot
            #expect(plan(snapshot, seed: seed) == plan(snapshot, seed: seed))
        }
    }

    /// One resource, equal hosts: the fewest hosts are those of the best bin packing in which the
    /// others keep their domains or take more.
    @Test func `small fleets end on as few hosts as exhaustive search`() {
        var policy = Policy()
        policy.perDomainOverhead = .zero
        policy.consolidate.memoryLimit = 10_000
        var (cases, best) = (0, 0)
        for seed in UInt64(1)...60 {
            var random = SeededGenerator(seed: seed)
            var cluster = ClusterBuilder()
            for host in 1...4 {
                cluster.host(
                    HostName("host\(host)"), memory: .gibibytes(Int64(random.int(8...14))))
            }
            for index in 0..<7 {
                let size = Int64(random.int(1...5))
                let host = cluster.hosts.indices.shuffled(using: &random).first { host in
                    let name = cluster.hosts[host].name
                    let used = cluster.domains.filter { $0.host == name }
                        .reduce(Bytes.zero) { $0 + $1.facts.memory }
                    return (used + .gibibytes(size)).count
                        <= cluster.hosts[host].facts?.memory.count ?? 0
                }
                guard let host else { continue }
                cluster.domain(
                    "vm\(index)", on: cluster.hosts[host].name, memory: .gibibytes(size))
            }
            let snapshot = cluster.snapshot
            let plan = plan(snapshot, policy, seed: seed)
            let reached = Set(snapshot.applying(plan.moves).domains.map(\.host)).count
            let fewest = Self.fewestHosts(snapshot)
            #expect(reached >= fewest, "seed \(seed)")
            cases += 1
            if reached == fewest { best += 1 }
        }
        // What is left are placements that no order of moves reaches.
        #expect(best * 100 >= cases * 95, "\(best) of \(cases)")
        print("consolidate: \(best) of \(cases) as few as exhaustive search")
    }

    private static func fewestHosts(_ snapshot: ClusterSnapshot) -> Int {
        let used = Set(snapshot.domains.map(\.host)).sorted()
        let sizes = snapshot.domains.map(\.facts.memory.count).sorted(by: >)
        var fewest = used.count
        for set in 1..<(1 << used.count) where set.nonzeroBitCount < fewest {
            var room = used.indices.filter { set & (1 << $0) != 0 }.map {
                snapshot.host(used[$0])?.facts?.memory.count ?? 0
            }
            func packs(_ index: Int) -> Bool {
                guard index < sizes.count else { return true }
                for bin in room.indices where room[bin] >= sizes[index] {
                    room[bin] -= sizes[index]
                    if packs(index + 1) { return true }
                    room[bin] += sizes[index]
                }
                return false
            }
            if packs(0) { fewest = set.nonzeroBitCount }
        }
        return fewest
    }
}
