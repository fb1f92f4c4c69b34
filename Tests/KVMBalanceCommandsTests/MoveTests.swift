import Foundation
import Testing

/// Single moves by the built binary on a simulated fleet.
struct MoveTests {
    /// Some domain of host1, and another host.
    private func resident(of host: String, _ play: Playground) throws -> String {
        try #require(try play.placement().filter { $0.value == host }.keys.sorted().first)
    }

    @Test func aGuestGoesWhereItIsSentAndNothingElseChanges() throws {
        let play = try Playground()
        let before = try play.placement()
        let name = try resident(of: "host1", play)
        let shown = try play.must(0, "plan", "move", name, "--to", "host2")
        #expect(shown.output.contains("Plan: move \(name) to host2: 1 migration"))
        #expect(shown.output.contains("it is to move to host2"))
        #expect(try play.placement() == before)

        let ending = try play.must(0, "move", name, "--to", "host2", "--yes")
        #expect(ending.output.contains("Run 1: move \(name) to host2: done"), "\(ending.text)")
        var wanted = before
        wanted[name] = "host2"
        #expect(try play.placement() == wanted)
        #expect(try play.maintenance().isEmpty)

        let again = try play.must(0, "move", name, "--to", "host2", "--yes")
        #expect(again.output.contains("Plan: move \(name) to host2: nothing to do."))
        #expect(again.output.contains("\(name): it is on host2 already"))
        #expect(try play.must(0, "return", "host1", "--yes").output.contains("nothing to do"))
        #expect(try play.must(0, "explain", "1").output.contains("effect for move"))
        try play.must(0, "runs", "rollback", "1", "--yes")
        #expect(try play.placement() == before)
    }

    @Test func withoutAHostEachLeavesItsOwn() throws {
        let play = try Playground()
        let before = try play.placement()
        let names = try ["host1", "host2"].map { try resident(of: $0, play) }
        let ending = try play.run(["move"] + names + ["--yes", "--not-to", "host3"])
        #expect(ending.status == 0 && ending.isCivil, "\(ending.text)")
        let after = try play.placement()
        for name in names { #expect(after[name] != before[name] && after[name] != "host3") }
    }

    /// By UUID, and by a name that two domains have.
    @Test func aNameThatTwoDomainsHaveIsAskedForByUUID() throws {
        let play = try Playground()
        let name = try resident(of: "host1", play)
        let other = try resident(of: "host2", play)
        let snapshot = try play.run("snapshot").object()
        let domains = try #require(snapshot["domains"] as? [[String: Any]])
        let facts = domains.compactMap { $0["facts"] as? [String: Any] }
        let uuids = try [name, other].map { wanted in
            try #require(facts.first { $0["name"] as? String == wanted }?["id"] as? String)
        }
        try play.editDomain(other) { domain in
            var domain = domain
            var facts = domain["facts"] as? [String: Any] ?? [:]
            facts["name"] = name
            domain["facts"] = facts
            return domain
        }
        let refused = try play.must(64, "plan", "move", name, "--to", "host3")
        #expect(refused.errors.contains("'\(name)' is the name of several domains"))
        for (host, uuid) in zip(["host1", "host2"], uuids) {
            #expect(refused.errors.contains("on \(host) (UUID \(uuid))"), "\(refused.text)")
        }
        let moved = try play.must(
            0, "plan", "move", uuids[1].uppercased(), "--to", "host3", "--output", "json")
        let steps = try #require(try moved.object()["steps"] as? [[String: Any]])
        #expect(steps.map { $0["uuid"] as? String } == [uuids[1]])
    }

    @Test func whatIsWrongIsSaidBeforeAnythingIsDone() throws {
        let play = try Playground()
        let before = try play.placement()
        let name = try resident(of: "host1", play)
        let unknown = try play.must(64, "move", "nobody", "--yes")
        #expect(unknown.errors.contains("there is no domain 'nobody' on any host"))
        let host = try play.must(64, "move", name, "--to", "host9", "--yes")
        #expect(host.errors.contains("there is no host 'host9'"))
        let both = try play.must(64, "move", name, "--to", "host2", "--not-to", "host2")
        #expect(both.errors.contains("host2 is named by --to and by --not-to"))
        try play.must(0, "hosts", "disable", "host2")
        let closed = try play.must(3, "move", name, "--to", "host2", "--yes")
        #expect(closed.output.contains("it is in maintenance"))
        #expect(closed.output.contains("kvmbalance hosts enable host2"))
        // The remedy works.
        try play.must(0, "hosts", "enable", "host2")
        try play.must(0, "plan", "move", name, "--to", "host2")
        try play.must(64, "move", "--to", "host2")
        #expect(try play.placement() == before)
    }

    @Test func oneThatIsShutOffMovesByItsDefinitionOnly() throws {
        let play = try Playground()
        let name = try resident(of: "host1", play)
        try play.editDomain(name) { domain in
            var domain = domain
            var facts = domain["facts"] as? [String: Any] ?? [:]
            facts["state"] = "shut-off"
            domain["facts"] = facts
            domain["presence"] = "inactive"
            domain["startedAt"] = nil
            return domain
        }
        let refused = try play.must(3, "move", name, "--to", "host2", "--yes")
        let command = "kvmbalance move \(name) --to host2 --offline"
        let text = refused.output.split(separator: "\n").joined(separator: " ")
            .split(separator: " ").joined(separator: " ")
        #expect(text.contains(command), "\(refused.text)")
        // The remedy works. Simulated hosts cannot copy files: the plan is as far as it goes here.
        let plan = try play.must(
            0, "plan", "move", name, "--to", "host2", "--offline", "--output", "json")
        let steps = try #require(try plan.object()["steps"] as? [[String: Any]])
        #expect(steps.map { $0["mode"] as? String } == ["offline"])
    }

    @Test func aSavedMoveIsApplied() throws {
        let play = try Playground()
        let name = try resident(of: "host1", play)
        let file = play.path("plan.json")
        try play.must(0, "plan", "move", name, "--to", "host3", "--save", file)
        try play.edit("plan.json", as: "forgot.json") { $0["wishes"] = nil }
        let edited = try play.must(1, "apply", play.path("forgot.json"), "--yes")
        #expect(edited.errors.contains("it names no domain to move"))
        try play.must(0, "apply", file, "--yes")
        #expect(try play.placement()[name] == "host3")
        let late = try play.must(1, "apply", file, "--yes")
        #expect(late.errors.contains("kvmbalance plan move \(name) --to host3"), "\(late.text)")
    }

    @Test func aKilledMoveIsResumedOnceAndNoGuestMovesTwice() throws {
        let play = try Playground(speed: 4)
        let names = try play.placement().filter { $0.value == "host1" }.keys.sorted()
        let before = try play.placement()
        let run = try play.start(["move"] + names + ["--yes"])
        try run.says("migrating")
        run.send(SIGKILL)
        _ = try run.wait()
        try play.must(0, "runs", "resume", "1", "--yes")
        let after = try play.placement()
        #expect(after.count == before.count && names.allSatisfy { after[$0] != "host1" })
        let report = try play.must(0, "runs", "show", "1", "--output", "json").object()
        let steps = try #require(report["steps"] as? [[String: Any]])
        let done = steps.filter { $0["state"] as? String == "done" }
        #expect(done.count == names.count, "\(steps)")
    }

    /// A drain's guest that is moved on comes home with the others: see README.
    @Test func whatADrainTookAwayComesHomeAlsoWhenItWasMovedOn() throws {
        let play = try Playground()
        let before = try play.placement()
        let name = try resident(of: "host1", play)
        try play.must(0, "drain", "host1", "--to", "host2", "--yes")
        #expect(try play.placement()[name] == "host2")
        try play.must(0, "move", name, "--to", "host3", "--yes")
        try play.must(0, "return", "host1", "--yes")
        #expect(try play.placement() == before)
    }
}
