import Foundation
import Testing

/// Guests that cannot move, drained and returned by the built binary on a simulated fleet.
struct UnmovableCommandTests {
    /// Some domain of host1, with a device of its host.
    private func hold(_ play: Playground, metadata: String? = nil) throws -> String {
        let name = try #require(
            try play.placement().filter { $0.value == "host1" }.keys.sorted().first)
        try play.editDomain(name) { domain in
            var domain = domain
            var facts = domain["facts"] as? [String: Any] ?? [:]
            facts["blockers"] = [
                [
                    "domain": name, "reason": "hostdev", "detail": "it has a PCI device",
                    "remedy": "detach it",
                ]
            ]
            if let metadata { facts["unmovable"] = metadata }
            domain["facts"] = facts
            return domain
        }
        return name
    }

    @Test func aGuestThatCannotMoveIsShutDownAndStartedAgain() throws {
        let play = try Playground()
        let name = try hold(play)
        let before = try play.placement()
        let refused = try play.must(3, "drain", "host1", "--yes")
        #expect(refused.output.contains("it has a PCI device"))

        let shown = try play.must(0, "plan", "drain", "host1", "--unmovable", "shutdown")
        #expect(shown.output.contains("1 guest shut down until return"), "\(shown.text)")
        #expect(shown.output.contains("down until 'kvmbalance return host1' (unmovable)"))
        let plan = try play.must(
            0, "plan", "drain", "host1", "--unmovable", "shutdown", "--output", "json")
        let steps = try #require(try plan.object()["steps"] as? [[String: Any]])
        #expect(steps.last?["mode"] as? String == "shutdown")
        #expect(steps.last?["down_until"] as? String == "return")
        #expect(try play.placement() == before)

        let drained = try play.must(0, "drain", "host1", "--unmovable", "shutdown", "--yes")
        #expect(
            drained.text.contains("'\(name)' was shut down on host1 by this run"),
            "\(drained.text)")
        #expect(try play.placement()[name] == nil)
        #expect(try !play.placement().values.contains("host1"))
        let status = try play.must(0, "status").output
        #expect(status.contains("shut down by run 1: kvmbalance return host1"), "\(status)")
        let run = try play.must(0, "runs", "show", "1").output
        #expect(run.contains("\(name) is off on host1 by this run"), "\(run)")
        #expect(try play.must(0, "explain", "1").output.contains("it cannot be moved"))
        // Nobody else starts it.
        try play.must(0, "balance", "--yes")
        #expect(try play.placement()[name] == nil)

        let back = try play.must(0, "return", "host1", "--yes")
        #expect(back.output.contains("1 guest started again"), "\(back.text)")
        #expect(try play.placement()[name] == "host1")
        #expect(try !play.must(0, "runs", "show", "1").output.contains("is off on host1"))
        #expect(try !play.must(0, "status").output.contains("by run 1"))
        #expect(try play.must(0, "return", "host1", "--yes").output.contains("nothing to do"))
    }

    @Test func aRollbackStartsItToo() throws {
        let play = try Playground()
        let name = try hold(play, metadata: "shutdown")
        let before = try play.placement()
        try play.must(0, "drain", "host1", "--yes")
        #expect(try play.placement()[name] == nil)
        try play.must(0, "runs", "rollback", "1", "--yes")
        #expect(try play.placement() == before)
    }

    @Test func oneThatSomebodyStartedIsLeftAlone() throws {
        let play = try Playground()
        let name = try hold(play, metadata: "shutdown")
        try play.must(0, "drain", "host1", "--yes")
        try play.editDomain(name) { domain in
            var domain = domain
            var facts = domain["facts"] as? [String: Any] ?? [:]
            facts["state"] = "running"
            domain["facts"] = facts
            domain["presence"] = "running"
            return domain
        }
        let back = try play.must(0, "return", "host1", "--yes")
        #expect(back.output.contains("\(name): it runs on host1 already"), "\(back.text)")
    }

    /// What the policy at hand does not ask for is not done because a file does.
    @Test func aSavedPlanShutsNobodyDownByItself() throws {
        let play = try Playground()
        _ = try hold(play)
        try play.must(
            0, "plan", "drain", "host1", "--unmovable", "shutdown", "--save", play.path("p.json"))
        let refused = try play.must(64, "apply", play.path("p.json"), "--yes")
        #expect(refused.errors.contains("unmovable"), "\(refused.text)")
        try play.must(
            0, "apply", play.path("p.json"), "--yes", "--accept-plan-options", "unmovable")
    }

    /// A file is anybody's: a guest that its owner shut down is not started by one.
    @Test func aSavedReturnStartsNobodyThatNoRunStopped() throws {
        let play = try Playground()
        let name = try hold(play, metadata: "shutdown")
        try play.must(0, "drain", "host1", "--yes")
        try play.must(0, "plan", "return", "host1", "--save", play.path("r.json"))
        try play.must(0, "return", "host1", "--yes")
        try play.editDomain(name) { domain in
            var domain = domain
            var facts = domain["facts"] as? [String: Any] ?? [:]
            facts["state"] = "shut-off"
            domain["facts"] = facts
            domain["presence"] = "inactive"
            domain["startedAt"] = nil
            return domain
        }
        let refused = try play.must(1, "apply", play.path("r.json"), "--yes")
        #expect(refused.errors.contains("'\(name)' was not stopped on host1 by a run"))
        #expect(try play.placement()[name] == nil)
    }

    @Test func aRollingRebootStopsNobody() throws {
        let play = try Playground()
        let name = try hold(play, metadata: "shutdown")
        let refused = try play.run("reboot", "--yes", "--run", "true {host}")
        #expect(refused.status == 3, "\(refused.text)")
        #expect(try play.placement()[name] == "host1")
    }
}
