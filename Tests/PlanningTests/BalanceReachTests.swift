import ClusterModel
import PlacementPolicy
import PlanChecking
import Planning
import TestSupport
import Testing

/// What balances must not be kept from: by a host that nothing can relieve, by the other measure,
/// by a limit of moves, by an order that cannot be had, by what is to be repaired.
@Suite struct BalanceReachTests {
    static func plan(
        _ cluster: ClusterBuilder, _ policy: Policy = .default, maxMoves: Int? = nil,
        seed: UInt64 = 1
    ) -> MigrationPlan {
        let plan = Planner.plan(
            .balance(maxMoves: maxMoves), from: cluster.snapshot, under: policy, seed: seed,
            effort: BalanceTests.effort)
        #expect(
            PlanChecker.check(plan, on: cluster.snapshot, under: policy) == [], "seed \(seed)")
        return plan
    }

    /// CPUs in use on a host, in thousandths, once the plan is carried out.
    static func use(
        _ host: HostName, of cluster: ClusterBuilder, after plan: MigrationPlan
    ) -> Int64 {
        cluster.snapshot.applying(plan.moves).domains.filter { $0.host == host }
            .reduce(0) { $0 + ($1.demand.cpu?.first?.count ?? 0) }
    }

    static var cpuOnly: Policy {
        var policy = Policy.default
        policy.balance.measures = [.cpu]
        return policy
    }

    // MARK: A host that nothing can relieve

    /// Why nothing can relieve a host.
    enum Frozen: CaseIterable {
        /// Its guest has more memory than any host could give.
        case memory
        /// Its guest uses more CPUs than any host has.
        case cpus
        /// It keeps all its memory for itself, and holds a guest that may not leave.
        case reserve
        /// Its guests are too large for what room there is on the others, and pinned.
        case pinned
    }

    private func freeze(_ kind: Frozen, _ name: HostName, in cluster: inout ClusterBuilder) {
        let host = cluster.host(name, memory: .gibibytes(64))
        switch kind {
        case .memory: cluster.domain("giant-\(name)", on: name, memory: .gibibytes(110))
        case .cpus: cluster.domain("wide-\(name)", on: name, vcpus: 24, cpu: [24_000])
        case .reserve:
            cluster.hosts[host].reserve = Reserve(memory: .gibibytes(64), cpu: .zero)
            let guest = cluster.domain("stuck-\(name)", on: name, memory: .mebibytes(512))
            cluster.domains[guest].facts.isPinned = true
        case .pinned:
            for number in 1...4 {
                let guest = cluster.domain("kept\(number)-\(name)", on: name, cpu: [3800])
                cluster.domains[guest].facts.isPinned = true
            }
        }
    }

    /// One host above its limit that others have room for, and fleets of all sizes around it.
    private func relievable(_ seed: UInt64) -> ClusterBuilder {
        var random = SeededGenerator(seed: seed)
        var cluster = ClusterBuilder()
        let hosts = random.int(2...6)
        for number in 1...hosts { cluster.host(HostName("host\(number)"), memory: .gibibytes(64)) }
        for number in 0..<random.int(5...8) {
            cluster.domain("busy\(number)", on: "host1", memory: .gibibytes(2), cpu: [2900])
        }
        for number in 0..<random.int(0...4) {
            cluster.domain(
                "calm\(number)", on: HostName("host\(random.int(2...hosts))"),
                memory: .gibibytes(Int64(random.int(1...4))),
                cpu: [MilliCPU(Int64(random.int(100...900)))])
        }
        return cluster
    }

    @Test(arguments: Frozen.allCases)
    func `a host that nothing can relieve does not hold up another`(kind: Frozen) {
        for seed in UInt64(1)...12 {
            var cluster = relievable(seed)
            let alone = Self.plan(cluster, seed: seed)
            #expect(alone.outcome == .plan)
            let count = seed % 3 == 0 ? 3 : 1
            for number in 1...count { freeze(kind, HostName("frozen\(number)"), in: &cluster) }
            let plan = Self.plan(cluster, seed: seed)
            #expect(plan.outcome == .plan, "\(kind), seed \(seed)")
            let isRelieved = Self.use("host1", of: cluster, after: alone) <= 13_600
            #expect(isRelieved, "seed \(seed)")
            #expect(
                Self.use("host1", of: cluster, after: plan) <= 13_600, "\(kind), seed \(seed)")
            #expect(
                plan.blockers.contains { $0.host?.rawValue.hasPrefix("frozen") ?? false },
                "\(kind), seed \(seed)")
            #expect(plan.steps.allSatisfy { !$0.move.source.rawValue.hasPrefix("frozen") })
        }
    }

    /// It is at its limit, not above; no host could be less full with this guest.
    @Test func `one big guest does not stop the others from being evened out`() {
        for pinned in [false, true] {
            var cluster = ClusterBuilder()
            cluster.host("host1")
            let giant = cluster.domain("giant", on: "host1", cpu: [12_800])
            cluster.domains[giant].facts.isPinned = pinned
            for number in 2...5 {
                let name = HostName("host\(number)")
                cluster.host(name)
                for guest in 0..<8 { cluster.domain("vm\(number)-\(guest)", on: name, cpu: [1200]) }
            }
            cluster.host("host6")
            let plan = Self.plan(cluster, Self.cpuOnly)
            #expect(plan.steps.count >= 4)
            #expect(Self.use("host6", of: cluster, after: plan) >= 4800)
        }
    }

    /// A guest that no other host may take is on the fullest of three, two others are far apart.
    @Test func `the next fullest gives where the fullest cannot`() {
        for order in [["host1", "host2", "host3"], ["host3", "host2", "host1"]] {
            var cluster = ClusterBuilder()
            for name in order { cluster.host(HostName(name)) }
            cluster.domain("big", on: "host1", cpu: [6000])
            cluster.domain("kept", on: "host2", cpu: [700])
            for number in 0..<2 { cluster.domain("vm\(number)", on: "host3", cpu: [2500]) }
            let plan = Self.plan(cluster, Self.cpuOnly)
            #expect(plan.moves.map(\.source) == ["host3"])
            #expect(plan.moves.map(\.target) == ["host2"])
        }
    }

    // MARK: The other measure

    /// Eight guests with little memory on a host whose CPUs are all in use, a large one on the
    /// other.
    private func lopsided() -> ClusterBuilder {
        var cluster = ClusterBuilder()
        cluster.host("host1", memory: .gibibytes(64))
        cluster.host("host2", memory: .gibibytes(64))
        for number in 0..<8 {
            cluster.domain("web\(number)", on: "host1", memory: .gibibytes(2), cpu: [2000])
        }
        cluster.domain("db", on: "host2", memory: .gibibytes(18), cpu: [1000])
        return cluster
    }

    @Test func `memory may rise within its limit where that ends an overload of CPUs`() {
        let cluster = lopsided()
        let plan = Self.plan(cluster)
        #expect(plan.outcome == .plan)
        #expect(Self.use("host1", of: cluster, after: plan) <= 13_600)
        #expect(plan.steps.allSatisfy { $0.move.target == "host2" })
    }

    @Test func `CPUs may be used more within their limit where that ends an overload of memory`() {
        var cluster = ClusterBuilder()
        cluster.host("host1", memory: .gibibytes(32))
        cluster.host("host2", memory: .gibibytes(32))
        for number in 0..<4 {
            cluster.domain("db\(number)", on: "host1", memory: .gibibytes(7), cpu: [1600])
        }
        for number in 0..<4 {
            cluster.domain("web\(number)", on: "host2", memory: .gibibytes(1), cpu: [1700])
        }
        let plan = Self.plan(cluster)
        #expect(plan.outcome == .plan)
        #expect(plan.blockers == [])
    }

    @Test func `but not above its limit, and not to even out`() {
        var cluster = lopsided()
        cluster.domain("bulk", on: "host2", memory: .gibibytes(38), cpu: [100])
        for index in cluster.domains.indices.suffix(2) {
            cluster.domains[index].facts.isPinned = true
        }
        #expect(Self.plan(cluster).outcome == .infeasible)
        // Nothing is overloaded: 75 % and 6 % of the CPUs, 19 % and 28 % of the memory.
        cluster = lopsided()
        cluster.domains.removeAll { ["web6", "web7"].contains($0.facts.name) }
        for index in cluster.domains.indices where cluster.domains[index].host == "host1" {
            cluster.domains[index].facts.memory = .gibibytes(3)
        }
        #expect(Self.plan(cluster).outcome == .nothingToDo)
    }

    /// Every way in which one move of a small world could end all overload is tried.
    @Test func `where one move ends all overload, a plan does`() {
        var found = 0
        for seed in UInt64(1)...150 {
            var random = SeededGenerator(seed: seed)
            var cluster = ClusterBuilder()
            let hosts = random.int(2...3)
            for number in 1...hosts {
                cluster.host(HostName("host\(number)"), memory: .gibibytes(64))
            }
            for number in 0..<random.int(6...14) {
                cluster.domain(
                    "vm\(number)", on: HostName("host\(random.int(1...hosts))"),
                    memory: .gibibytes(Int64(random.int(2...14))),
                    cpu: [MilliCPU(Int64(random.int(2...40)) * 100)])
            }
            guard overload(cluster.domains, hosts) > 0 else { continue }
            let isOneEnough = cluster.domains.indices.contains { index in
                (1...hosts).contains { host in
                    var domains = cluster.domains
                    domains[index].host = HostName("host\(host)")
                    return overload(domains, hosts) == 0
                }
            }
            guard isOneEnough else { continue }
            found += 1
            let plan = Self.plan(cluster, seed: seed)
            let after = cluster.snapshot.applying(plan.moves).domains
            #expect(overload(after, hosts) == 0, "seed \(seed)")
        }
        #expect(found > 20, "\(found)")
    }

    /// Thousandths above the limits of 90 % of 64 GiB and 85 % of 16 CPUs.
    private func overload(_ domains: [Domain], _ hosts: Int) -> Int64 {
        (1...hosts).reduce(0) { sum, number in
            let here = domains.filter { $0.host == HostName("host\(number)") }
            let cpu = here.reduce(Int64(0)) { $0 + ($1.demand.cpu?.first?.count ?? 0) }
            let memory = here.reduce(Int64(0)) {
                $0 + Policy.default.memoryDemand(of: $1.facts).count
            }
            return sum + max(0, cpu * 1000 / 16_000 - 850)
                + max(0, memory / (64 << 20) * 1000 / 1024 - 900)
        }
    }

    // MARK: A limit of moves

    private func crowd(full: Int, empty: Int, busy: Int64, calm: Int64) -> ClusterBuilder {
        var cluster = ClusterBuilder()
        for number in 1...(full + empty) {
            let name = HostName("host\(number)")
            cluster.host(name, memory: .gibibytes(64))
            let use = number <= full ? busy : calm
            for guest in 0..<8 where use > 0 {
                cluster.domain("vm\(number)-\(guest)", on: name, cpu: [MilliCPU(use)])
            }
        }
        return cluster
    }

    @Test func `few moves are held against what they can gain, however much is overloaded`() {
        let cluster = crowd(full: 40, empty: 40, busy: 2150, calm: 500)
        let plan = Self.plan(cluster, Self.cpuOnly, maxMoves: 6)
        #expect(plan.steps.count == 6)
        #expect(Set(plan.moves.map(\.source)).count == 6)
    }

    @Test func `one empty host is filled, however many are overloaded`() {
        let cluster = crowd(full: 64, empty: 1, busy: 2000, calm: 0)
        let plan = Self.plan(cluster, Self.cpuOnly)
        #expect(plan.outcome == .plan)
        #expect(Self.use("host65", of: cluster, after: plan) >= 12_000)
    }

    @Test func `few moves even out, though more would be needed for the whole fleet`() {
        let cluster = crowd(full: 10, empty: 10, busy: 1340, calm: 200)
        let plan = Self.plan(cluster, Self.cpuOnly, maxMoves: 6)
        #expect(plan.steps.count == 6)
        let isRight = plan.moves.allSatisfy { move in
            let source = Int(move.source.rawValue.dropFirst(4)) ?? 0
            let target = Int(move.target.rawValue.dropFirst(4)) ?? 0
            return source <= 10 && target > 10
        }
        #expect(isRight)
    }

    // MARK: Order, and what is to be repaired

    /// To exchange `a` and `b` would even out best, but they may not share a host, and there is no
    /// third.
    @Test func `what can be ordered is done where the best cannot`() {
        var cluster = ClusterBuilder()
        for (name, kept) in [("host1", 8000), ("host2", 5500)] as [(HostName, MilliCPU)] {
            cluster.host(name)
            let index = cluster.domain("kept-\(name)", on: name, cpu: [kept])
            cluster.domains[index].facts.isPinned = true
        }
        cluster.domain("a", on: "host1", cpu: [5000])
        cluster.domain("c", on: "host1", cpu: [1500])
        cluster.domain("b", on: "host2", cpu: [1000])
        var policy = Self.cpuOnly
        policy.antiAffinity = [PlacementGroup(name: "pair", domains: ["a", "b"], scope: .host)]
        #expect(Self.plan(cluster, policy).moves.map(\.domain.rawValue) == ["id-of-c"])
    }

    @Test func `with few moves overload is relieved before a group is repaired`() {
        var cluster = ClusterBuilder()
        for name: HostName in ["host1", "host2", "host3"] { cluster.host(name) }
        for number in 0..<5 { cluster.domain("a\(number)", on: "host1", cpu: [3400]) }
        for name in ["w0", "w1"] { cluster.domain(name, on: "host2", cpu: [1000]) }
        var policy = Self.cpuOnly
        policy.antiAffinity = [PlacementGroup(name: "web", domains: ["w0", "w1"], scope: .host)]
        let one = Self.plan(cluster, policy, maxMoves: 1)
        #expect(one.moves.map(\.source) == ["host1"])
        let two = Self.plan(cluster, policy, maxMoves: 2)
        #expect(Set(two.moves.map(\.source)) == ["host1", "host2"])
        policy.balance.maxMoves = 1
        #expect(Self.plan(cluster, policy).moves.map(\.source) == ["host1"])
    }
}
