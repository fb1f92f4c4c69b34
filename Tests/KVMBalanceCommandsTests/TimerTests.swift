import ArgumentParser
import ClusterModel
import Execution
import Foundation
import HypervisorInterface
import Testing

@testable import KVMBalanceCommands
@testable import Operations
@testable import Rendering

/// The timer's calls on a simulated fleet, and what its runs plan again.
@Suite(.serialized) struct TimerTests {
    private let policy = """
        name: timer
        reserve: {memory: 0GiB, cpu: 0}
        demand: {window: 10m, percentile: 50, slots: 1}
        balance: {resources: [cpu], spread: 0.3 %, limits: {cpu: LIMIT}, minGain: 1 %}
        rebalance: {held: 1, looks: 1, calm: 0.1 %}
        """

    private func playground(limit: String) throws -> Playground {
        let play = try Playground(hosts: 4, domains: 24)
        try play.write(policy.replacing("LIMIT", with: limit), to: "timer.yaml")
        return play
    }

    @Test func `a call that does nothing says why and over which time it looked`() throws {
        let play = try playground(limit: "99 %")
        let quiet = try play.must(0, "balance", "--timer", "--policy", play.path("timer.yaml"))
        #expect(
            quiet.output.contains("nothing to do: no host is overloaded (mean of the last"))
        // The first look goes back as far as samples may be old; the next begins where it ended.
        #expect(quiet.output.contains("last 10 min)"), "\(quiet.output)")
        let next = try play.must(
            0, "balance", "--timer", "--policy", play.path("timer.yaml"), "--output", "json")
        let seconds = try next.object()["over_seconds"] as? Int
        #expect(seconds.map { $0 < 60 } ?? true, "\(next.output)")
    }

    /// A limit that the fullest host is just above.
    private func overloaded(_ play: Playground) throws {
        let seen = try play.must(
            0, "plan", "balance", "--policy", play.path("timer.yaml"), "--output", "json"
        ).object()
        let before = try #require(
            (seen["score"] as? [String: Any])?["before"] as? [String: Double])
        let busiest = try #require(before["busiest_host_cpu_percent"], "\(before)")
        try play.write(
            policy.replacing("LIMIT", with: "\(Int(busiest) - 1) %"), to: "timer.yaml")
    }

    @Test func `a call that another controller refuses has moved nothing, and rests nobody`() throws
    {
        let play = try playground(limit: "99 %")
        try overloaded(play)
        let call = ["balance", "--timer", "--yes", "--policy", play.path("timer.yaml")]
        let plan = try play.run(call + ["--dry-run", "--output", "json"]).object()
        let step = try #require((plan["steps"] as? [[String: Any]])?.first)
        let target = try #require(step["target"] as? String)
        // Somebody drains it, with another database.
        let lease = HostLease(
            of: ControllerIdentity(machine: "m", database: "d", place: "kvmbalance on ops2"),
            purpose: "run 7, drain \(target)", since: Timestamp(seconds: 1),
            renewedAt: Timestamp(seconds: Int64(Date().timeIntervalSince1970)))
        let data = try JSONEncoder().encode(lease)
        try play.editHosts { host in
            if host["name"] as? String == target {
                host["lease"] = try? JSONSerialization.jsonObject(with: data)
            }
        }
        let refused = try play.run(call)
        #expect(refused.status == 75 && refused.errors.contains("ops2"), "\(refused.text)")
        try play.editHosts { $0["lease"] = nil }
        let moved = try play.run(call)
        #expect(moved.status == 0 && !moved.output.contains("nothing to do"), "\(moved.text)")
        #expect(try play.run("runs", "list").output.contains("balance"), "\(moved.text)")
    }

    @Test func `what is planned again keeps to the relief that it was begun for`() async throws {
        let play = try playground(limit: "99 %")
        let path = play.path("timer.yaml")
        try overloaded(play)
        let call = try play.must(
            0, "balance", "--timer", "--dry-run", "--policy", path, "--output", "json")
        let plan = try JSONDecoder().decode(MigrationPlan.self, from: Data(call.output.utf8))
        #expect(plan.purpose?.aim == .relieveOverload)
        #expect(plan.purpose?.reason.contains("sustained overload: host") == true)
        #expect(plan.purpose?.overSeconds != nil)
        try call.output.write(toFile: play.path("plan.json"), atomically: true, encoding: .utf8)
        let told = try play.must(0, "explain", play.path("plan.json"))
        #expect(
            told.output.contains("made by the timer, mean of the last"), "\(told.output)")

        let composition = try Composition(try GlobalOptions.parse(["--config", play.config]))
        func again(_ plan: MigrationPlan) async throws -> MigrationPlan {
            try await PlanService(
                composition.observer, composition.policies, policy: path, plan: plan
            ).replan(.forward, without: [], state: RunState(plan: plan))
        }
        let relief = try await again(plan)
        #expect(relief.purpose == plan.purpose)
        #expect(relief.moves.count == plan.moves.count)
        var wider = plan
        wider.purpose = nil
        let balance = try await again(wider)
        #expect(balance.moves.count > relief.moves.count, "the spread of 0.3 % asks for more")
    }
}
