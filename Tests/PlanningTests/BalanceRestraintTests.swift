import ClusterModel
import PlacementPolicy
import PlanChecking
import Planning
import TestSupport
import Testing

/// Where no host lacks anything, a balance does what pays, and says how far that goes.
@Suite struct BalanceRestraintTests {
    /// Twenty guests on each host, all alike but for chance; none is overloaded.
    private func large() -> ClusterBuilder {
        var random = SeededGenerator(seed: 1)
        var cluster = ClusterBuilder()
        for number in 1...20 {
            let name = HostName("host\(number)")
            cluster.host(name, memory: .gibibytes(128), cpus: 32)
            for guest in 0..<20 {
                cluster.domain(
                    "vm\(number)-\(guest)", on: name,
                    memory: .gibibytes(Int64(1 << random.int(0...3))),
                    cpu: [MilliCPU(Int64(random.int(50...1500)))])
            }
        }
        return cluster
    }

    @Test func `a fleet that lacks nothing is offered a few moves for each hundred guests`() {
        var policy = BalanceReachTests.cpuOnly
        policy.balance.spread = 0
        policy.balance.minGain = 0
        let cluster = large()
        let plan = BalanceReachTests.plan(cluster, policy)
        #expect(plan.steps.count <= 12)
        let score = plan.score
        #expect(score?.asked == ["spread_points": 0, "moves_for_spread": 12])
        let reached = score?.after["spread_points"] ?? 0
        #expect(reached > 0 && reached < score?.before["spread_points"] ?? 0)
        #expect(BalanceReachTests.plan(cluster, policy, maxMoves: 30).steps.count > 12)
        policy.balance.maxMovesForSpread = 10_000
        #expect(BalanceReachTests.plan(cluster, policy).steps.count > 12)
    }

    /// Each further tenth of the spread costs more moves than the one before.
    @Test func `a balance stops where moves no longer pay`() {
        var policy = BalanceReachTests.cpuOnly
        policy.balance.spread = 0
        policy.balance.maxMovesForSpread = 9000
        let priced = BalanceReachTests.plan(large(), policy)
        policy.balance.maxMovesForSpread = 10_000
        let free = BalanceReachTests.plan(large(), policy)
        #expect(priced.steps.count < free.steps.count)
        #expect(!priced.steps.isEmpty)
    }

    /// Fifteen hosts above their limit: no part of the guests holds that back.
    @Test func `relief of overloaded hosts is not limited by it`() {
        var cluster = ClusterBuilder()
        for number in 1...30 {
            let name = HostName("host\(number)")
            cluster.host(name, memory: .gibibytes(64))
            for guest in 0..<8 {
                cluster.domain("vm\(number)-\(guest)", on: name, cpu: [number <= 15 ? 2000 : 500])
            }
        }
        let plan = BalanceReachTests.plan(cluster, BalanceReachTests.cpuOnly)
        #expect(plan.steps.count >= 15)
        #expect(plan.blockers == [])
    }

    @Test func `a small fleet is evened out by a handful`() {
        var cluster = ClusterBuilder()
        for number in 1...3 { cluster.host(HostName("host\(number)")) }
        for number in 0..<10 { cluster.domain("vm\(number)", on: "host1", cpu: [1000]) }
        let plan = BalanceReachTests.plan(cluster, BalanceReachTests.cpuOnly)
        #expect((4...7).contains(plan.steps.count), "\(plan.steps.count)")
        #expect(plan.score?.after["spread_points"] ?? 100 <= 20)
    }
}
