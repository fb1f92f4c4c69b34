import ClusterModel
import PlacementPolicy
import PlanChecking
import TestSupport
import Testing

/// What a plan to balance may make fuller, and what it must make better.
@Suite struct BalanceJudgeTests {
    /// host1 uses all of its 16 CPUs for eight guests of 2 GiB; `db` fills `memory` of 64 GiB of
    /// host2.
    private func lopsided(db memory: Bytes, busy: MilliCPU = 2000) -> ClusterBuilder {
        var cluster = ClusterBuilder()
        for name: HostName in ["host1", "host2", "host3", "host4"] {
            cluster.host(name, memory: .gibibytes(64))
        }
        for number in 0..<8 {
            cluster.domain("web\(number)", on: "host1", memory: .gibibytes(2), cpu: [busy])
        }
        cluster.domain("db", on: "host2", memory: memory, cpu: [1000])
        return cluster
    }

    private func complaints(
        _ moved: [(String, HostName)], _ cluster: ClusterBuilder, _ policy: Policy = .default
    ) -> [String] {
        let snapshot = cluster.snapshot
        let steps = moved.enumerated().map { number, move in
            let id = DomainID("id-of-\(move.0)")
            let source = snapshot.domains.first { $0.id == id }?.host ?? "nowhere"
            return Step(
                id: StepID(number + 1), domainName: move.0,
                move: Move(domain: id, source: source, target: move.1), after: [])
        }
        let plan = MigrationPlan(
            kind: .balance, outcome: .plan,
            origin: MigrationPlan.Origin(digest: "", observedAt: Timestamp(seconds: 0)),
            steps: steps)
        return PlanChecker.check(plan, on: snapshot, under: policy).filter { $0.rule == .balance }
            .map(\.detail)
    }

    @Test func `a peak may rise within its limit where overload falls`() {
        let cluster = lopsided(db: .gibibytes(30))
        #expect(complaints([("web0", "host2"), ("web1", "host2")], cluster) == [])
    }

    @Test func `not above its limit`() {
        let cluster = lopsided(db: .gibibytes(57))
        let found = complaints([("web0", "host2"), ("web1", "host2")], cluster)
        #expect(found.count { $0.hasPrefix("the highest memory share rises") } == 1)
    }

    @Test func `and not where nothing is overloaded`() {
        let cluster = lopsided(db: .gibibytes(30), busy: 1500)
        let found = complaints([("web0", "host2"), ("web1", "host2")], cluster)
        #expect(found.count { $0.hasPrefix("the highest memory share rises") } == 1)
    }

    /// host3 is as full as host1 and host4 as empty as host2: the fleet's peak and spread stay.
    @Test func `what is evened out among some hosts is better, what is not is refused`() {
        var cluster = lopsided(db: .gibibytes(2), busy: 1500)
        for number in 0..<8 {
            cluster.domain("app\(number)", on: "host3", memory: .gibibytes(2), cpu: [1500])
        }
        cluster.domain("idle", on: "host4", memory: .gibibytes(2), cpu: [1000])
        var policy = Policy.default
        policy.balance.measures = [.cpu]
        #expect(complaints([("web0", "host2"), ("web1", "host2")], cluster, policy) == [])
        let found = complaints([("db", "host4")], cluster, policy)
        #expect(found.contains("nothing is better balanced after it"))
    }
}
