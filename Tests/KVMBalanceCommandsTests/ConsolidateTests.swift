import Foundation
import Testing

/// Fewer hosts, and hosts rebooted in turn, by the built binary on a simulated fleet.
struct ConsolidateTests {
    typealias Object = [String: Any]

    private func play() throws -> Playground { try Playground(hosts: 5, domains: 10) }

    private func hosts(_ play: Playground) throws -> Set<String> {
        Set(try play.placement().values)
    }

    @Test func theFleetRunsOnFewerHosts() throws {
        let play = try play()
        let before = try play.placement()
        let shown = try play.must(0, "plan", "consolidate")
        #expect(shown.output.contains("Hosts in use: 5 before, 2 after (no plan could do with"))
        #expect(try play.placement() == before)

        let ending = try play.must(0, "consolidate", "--yes", "--output", "json")
        #expect(try ending.object()["state"] as? String == "done")
        #expect(ending.errors.contains("kvmbalance hosts disable host"))
        #expect(try play.placement().count == before.count)
        #expect(try hosts(play).count == 2)
        #expect(try play.maintenance().isEmpty)

        #expect(try play.must(0, "consolidate", "--yes").output.contains("nothing to do"))
        try play.must(0, "runs", "rollback", "1", "--yes")
        #expect(try play.placement() == before)
    }

    @Test func onlyTheHostsThatWereNamedAreEmptied() throws {
        let play = try play()
        try play.must(0, "consolidate", "host2", "--yes")
        #expect(try hosts(play) == ["host1", "host3", "host4", "host5"])
        let unknown = try play.must(64, "plan", "consolidate", "host9")
        #expect(unknown.errors.contains("there is no host 'host9'"))
    }

    @Test func aSavedPlanIsCarriedOutInItsOwnWorldOnly() throws {
        let play = try play()
        let file = play.path("plan.json")
        try play.must(0, "plan", "consolidate", "host1", "host5", "--save", file)
        let plan = try #require(
            try JSONSerialization.jsonObject(with: Data(play.read("plan.json").utf8)) as? Object)
        #expect(plan["kind"] as? String == "consolidate")
        let score = plan["score"] as? Object
        #expect((score?["after"] as? Object)?["hosts_in_use"] as? Double == 3)
        #expect(score?["gap"] != nil)
        try play.must(0, "apply", file, "--yes")
        #expect(try hosts(play) == ["host2", "host3", "host4"])
        #expect(try play.must(1, "apply", file, "--yes").errors.contains("Make a new plan"))
    }

    @Test func aKilledRunIsResumedToTheSameHosts() throws {
        let play = try Playground(hosts: 5, domains: 10, speed: 4)
        let run = try play.start("consolidate", "host1", "host5", "--yes")
        try run.says("migrating")
        run.send(SIGKILL)
        _ = try run.wait()
        try play.must(0, "runs", "resume", "1", "--yes")
        #expect(try hosts(play) == ["host2", "host3", "host4"])
        #expect(try play.placement().count == 10)
    }

    @Test func withoutSpareRoomADrainIsInfeasible() throws {
        let play = try play()
        try play.write("name: safe\nnPlusOne: after\n", to: "safe.yaml")
        let words = ["--policy", play.path("safe.yaml"), "--output", "json"]
        let fine = try play.run(["plan", "drain", "host1"] + words)
        #expect(fine.status == 0, "\(fine.text)")
        let ending = try play.run(["plan", "drain", "host1", "host2", "host3"] + words)
        #expect(ending.status == 3 && ending.isCivil, "\(ending.text)")
        let blockers = try #require(try ending.object()["blockers"] as? [Object])
        #expect(blockers.allSatisfy { $0["reason"] as? String == "n-plus-one" })
        #expect((blockers.first?["detail"] as? String)?.contains("could not take over") == true)
    }

    @Test func theCommandsOfEachRoundRebootTheFleet() throws {
        let play = try play()
        let before = try play.placement()
        try play.write(
            "name: reboot\nnPlusOne: after\nrollingReboot: {hostsPerRound: 2}\n",
            to: "reboot.yaml")
        let words = ["plan", "rolling-reboot", "--policy", play.path("reboot.yaml")]
        let text = try play.run(words)
        #expect(text.output.contains("5 hosts in 3 rounds (no schedule has fewer than 3)"))
        let document = try play.run(words + ["--output", "json"]).object()
        #expect(
            Set([
                "version", "kind", "outcome", "origin", "policy", "seed", "hosts", "rounds",
                "moves", "makespan_seconds", "bound", "blockers",
            ]) == Set(document.keys))
        #expect(document["kind"] as? String == "rolling-reboot")
        #expect((document["bound"] as? Object)?["rounds"] as? Int == 3)
        let rounds = try #require(document["rounds"] as? [Object])
        var rebooted: [String] = []
        for round in rounds {
            let names = try #require(round["hosts"] as? [String])
            let commands = try #require(round["commands"] as? [String])
            let plan = try #require(round["away"] as? Object)
            for command in commands where !command.hasPrefix("#") {
                var parts = command.split(separator: " ").map(String.init)
                #expect(parts.removeFirst() == "kvmbalance")
                // `start` gives the fleet file itself.
                let config = try #require(parts.firstIndex(of: "--config"))
                parts.removeSubrange(config...(config + 1))
                if ["drain", "return"].contains(parts[0]) { parts.append("--yes") }
                let ending = try play.run(parts)
                #expect(ending.status == 0, "\(command): \(ending.text)")
                guard parts[0] == "drain" else { continue }
                let empty = try hosts(play).isDisjoint(with: names)
                #expect(empty, "\(command)")
                // It went where the schedule said.
                let now = try play.placement()
                for step in plan["steps"] as? [Object] ?? [] {
                    let name = try #require(step["domain"] as? String)
                    #expect(now[name] == step["target"] as? String)
                }
            }
            rebooted += names
        }
        #expect(rebooted.sorted() == ["host1", "host2", "host3", "host4", "host5"])
        #expect(try play.placement() == before)
        #expect(try play.maintenance().isEmpty)
    }

    @Test func aHostThatCanNotBeEmptiedIsNamed() throws {
        let play = try play()
        try play.write("name: pinned\npin: [vm001]\n", to: "pinned.yaml")
        let words = ["plan", "rolling-reboot", "--policy", play.path("pinned.yaml")]
        let refused = try play.run(words)
        #expect(refused.status == 3 && refused.output.contains("vm001"), "\(refused.text)")
        let rest = try play.run(words + ["--best-effort"])
        #expect(rest.status == 0 && rest.output.contains("4 hosts in"), "\(rest.text)")
        let unknown = try play.run(words + ["host9"])
        #expect(unknown.status == 64 && unknown.isCivil)
    }

    /// Several hosts are down at once, and unless the policy says so no room is kept for one more.
    @Test func aScheduleSaysThatNoOtherHostMayFail() throws {
        let play = try Playground(hosts: 6, domains: 6)
        let words = "No other host may fail during a round"
        let plain = try play.must(0, "plan", "rolling-reboot").output
        let first = try #require(
            plain.split(separator: "\n").first { $0.hasPrefix("Round 1: ") })
        #expect(first.contains(", ") && plain.contains(words), "\(plain)")
        #expect(plain.contains("Options: guests' memory unencrypted"), "\(plain)")
        try play.write("name: safe\nnPlusOne: after\n", to: "safe.yaml")
        let safe = try play.must(0, "plan", "rolling-reboot", "--policy", play.path("safe.yaml"))
        #expect(!safe.output.contains(words), "\(safe.output)")
    }
}
