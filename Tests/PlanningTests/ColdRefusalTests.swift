import ClusterModel
import Foundation
import PlacementPolicy
import PlanChecking
import Planning
import TestSupport
import Testing

/// Cold moves in which something could be lost, refused by the planner and by the judge.
@Suite struct ColdRefusalTests {
    static let tpm = Blocker(
        domain: "shared", reason: .tpm, detail: "it has an emulated TPM", remedy: "move it live")

    private func plan(
        _ cluster: ClusterBuilder, _ migration: String
    ) throws -> MigrationPlan {
        let policy = try MigrationModePlanTests.policy(migration)
        let plan = Planner.plan(.drain(["host1"]), from: cluster.snapshot, under: policy, seed: 1)
        #expect(PlanChecker.check(plan, on: cluster.snapshot, under: policy) == [])
        return plan
    }

    /// What the judge says of a plan that was made before the world became this one.
    private func verdict(
        _ plan: MigrationPlan, _ cluster: ClusterBuilder, _ migration: String
    ) throws -> [Violation] {
        PlanChecker.check(
            plan, on: cluster.snapshot, under: try MigrationModePlanTests.policy(migration))
    }

    @Test(arguments: [DomainState.running, .shutOff])
    func `a domain that would lose its TPM does not move cold`(state: DomainState) throws {
        var cluster = MigrationModePlanTests.world()
        cluster.domains.removeFirst()
        cluster.domains[0].facts.state = state
        let saved = try plan(cluster, "offline: true")
        #expect(saved.steps.map(\.mode) == [.offline])
        cluster.domains[0].facts.coldBlockers = [Self.tpm]
        let refused = try plan(cluster, "offline: true")
        #expect(refused.outcome == .infeasible)
        #expect(refused.blockers.map(\.reason) == [.tpm])
        #expect(try !verdict(saved, cluster, "offline: true").isEmpty)
        // It goes live where that is preferred, and where it is off there is no such way.
        let live = try plan(cluster, "offline: true, live: true")
        #expect(live.steps.map(\.mode) == (state == .running ? [.live] : []))
        #expect(live.blockers.map(\.reason) == (state == .running ? [] : [.tpm]))
    }

    @Test func `a host that is out of reach hinders no cold move, and is named`() throws {
        var cluster = MigrationModePlanTests.world()
        cluster.host("host3")
        cluster.domain("off", on: "host1", state: .shutOff)
        #expect(try plan(cluster, "offline: true").unreachable == [])
        let index = try #require(cluster.hosts.firstIndex { $0.name == "host3" })
        cluster.hosts[index].fault = "no route to host"
        let made = try plan(cluster, "offline: true")
        #expect(made.outcome == .plan)
        #expect(Set(made.steps.map(\.mode)) == [.offline])
        #expect(Set(made.steps.map(\.move.target)) == ["host2"])
        #expect(made.unreachable == ["host3"])
        let coded = try JSONDecoder().decode(
            MigrationPlan.self, from: JSONEncoder().encode(made))
        #expect(coded.unreachable == ["host3"])
    }
}
