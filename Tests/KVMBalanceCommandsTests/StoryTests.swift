import Foundation
import Testing

/// The story an operator lives through, told by the built binary on a simulated fleet.
struct StoryTests {
    @Test func drainAndReturn() throws {
        let play = try Playground(isSampled: false)
        let before = try play.placement()
        try play.must(0, "collect", "--once")
        let status = try play.must(0, "status").output
        #expect(status.contains("vm001") && status.contains("host3"))
        try play.must(0, "plan", "drain", "host1", "--save", play.path("plan.json"))
        #expect(try play.placement() == before)

        let drained = try play.must(0, "drain", "host1", "--yes", "--output", "json").object()
        #expect(drained["state"] as? String == "done")
        let during = try play.placement()
        #expect(during.count == before.count && !during.values.contains("host1"))
        #expect(try play.maintenance() == ["host1"])

        let again = try play.must(0, "drain", "host1", "--yes")
        #expect(again.output.contains("nothing to do"))
        let lists = try play.must(0, "hosts", "list").output
        #expect(lists.contains("(run 1)"), "the second drain forgot who began: \(lists)")

        try play.must(0, "return", "host1", "--yes")
        #expect(try play.placement() == before)
        #expect(try play.maintenance().isEmpty)
        #expect(try play.must(0, "return", "host1", "--yes").output.contains("nothing to do"))
    }

    @Test func theReportHasTheInterfacesNames() throws {
        let play = try Playground()
        try play.must(0, "drain", "host1", "--yes")
        let report = try play.must(0, "runs", "show", "1", "--output", "json").object()
        #expect(Set(["run", "plan", "state", "steps"]).isSubset(of: report.keys))
        let steps = try #require(report["steps"] as? [[String: Any]])
        let names: Set = ["id", "state", "attempts", "started_at", "ended_at", "observed"]
        let states: Set = ["pending", "running", "done", "failed", "skipped", "compensated"]
        for step in steps {
            #expect(names.isSubset(of: step.keys))
            #expect(states.contains(step["state"] as? String ?? ""))
            let observed = try #require(step["observed"] as? [String: Any])
            #expect(
                Set(observed.keys) == ["duration_seconds", "downtime_ms", "transferred_bytes"])
        }
        let plan = try #require(report["plan"] as? [String: Any])
        for name in ["version", "kind", "outcome", "origin", "steps", "makespan_seconds", "score"]
            + ["blockers"]
        {
            #expect(plan[name] != nil, "a plan lacks '\(name)'")
        }
    }

    @Test func everyCommandGivesOneDocument() throws {
        let play = try Playground()
        let plan = play.path("plan.json")
        for words in [
            ["collect", "--once"], ["hosts", "list"], ["hosts", "check"],
            ["hosts", "disable", "host3"], ["hosts", "enable", "host3"], ["status"], ["snapshot"],
            ["snapshot", "--save", play.path("s.json")],
            ["plan", "drain", "host1", "--save", plan],
            ["plan", "return", "host1"], ["explain", plan], ["explain", plan, "vm001"],
            ["apply", plan, "--dry-run"], ["drain", "host1", "--dry-run"],
            ["apply", plan, "--yes"], ["drain", "host1", "--yes"], ["runs", "list"],
            ["runs", "show", "1"], ["return", "host1", "--yes"],
            ["runs", "rollback", "1", "--dry-run"], ["runs", "rollback", "1", "--yes"],
        ] {
            let ending = try play.run(words + ["--output", "json"])
            #expect(ending.status == 0, "\(words): \(ending.text)")
            #expect(throws: Never.self, "\(words): \(ending.text)") { try ending.json() }
        }
        let refused = try play.must(1, "drain", "host1", "--output", "json")
        #expect(try refused.object()["outcome"] as? String == "plan")
        try play.must(64, "status", "--watch", "--output", "json")
    }

    @Test func nothingHappensUnasked() throws {
        let play = try Playground()
        let before = try play.read("fleet.json")
        try play.must(0, "drain", "host1", "--dry-run")
        let refused = try play.must(1, "drain", "host1")
        #expect(refused.errors.contains("--yes"))
        try play.must(0, "plan", "drain", "host1", "--save", play.path("plan.json"))
        try play.must(1, "apply", play.path("plan.json"))
        #expect(try play.read("fleet.json") == before)
        #expect(try play.maintenance().isEmpty)
        #expect(try play.must(0, "runs", "list").output.contains("There are no runs"))
    }

    @Test func equalInputGivesEqualBytes() throws {
        let play = try Playground(hosts: 5, domains: 40)
        try play.must(0, "snapshot", "--save", play.path("s.json"))
        let words = ["plan", "drain", "host2", "--snapshot", play.path("s.json"), "--seed", "7"]
        let first = try play.run(words + ["--output", "json"])
        let second = try play.run(words + ["--output", "json"])
        #expect(first.status == 0 && first.output == second.output)
        // Whoever sorted the file otherwise has the same world.
        try play.edit("s.json") { snapshot in
            for key in ["hosts", "domains"] {
                snapshot[key] = (snapshot[key] as? [Any]).map { Array($0.reversed()) }
            }
        }
        #expect(try play.run(words + ["--output", "json"]).output == first.output)
    }

    @Test func twoDrainsInARowComeBack() throws {
        let play = try Playground(hosts: 4, domains: 8)
        let before = try play.placement()
        try play.must(0, "drain", "host1", "--yes")
        try play.must(0, "drain", "host2", "--yes")
        #expect(Set(try play.placement().values) == ["host3", "host4"])
        #expect(try play.maintenance() == ["host1", "host2"])
        try play.must(0, "return", "host1", "--yes")
        try play.must(0, "return", "host2", "--yes")
        #expect(try play.placement() == before)
    }

    /// A log beside a database would tell that the process ended while it was still being closed.
    @Test func databasesAreClosedBeforeTheProcessEnds() throws {
        let play = try Playground()
        for words in [["drain", "host1", "--yes"], ["return", "host1", "--yes"], ["status"]] {
            #expect(try play.run(words).status == 0)
            let files = try FileManager.default.contentsOfDirectory(atPath: play.path("database"))
            #expect(files.sorted() == ["journal.sqlite", "metrics.sqlite", "run.lock"], "\(words)")
        }
    }

    @Test func disabledHostsGetNothing() throws {
        let play = try Playground(hosts: 4, domains: 8)
        try play.must(0, "hosts", "disable", "host2")
        try play.must(0, "drain", "host1", "--yes")
        #expect(try play.placement().values.filter { $0 == "host2" }.count == 2)
        try play.must(0, "hosts", "enable", "host2")
        #expect(try play.maintenance() == ["host1"])
    }

    @Test func whatCanNotFitIsInfeasible() throws {
        let play = try Playground()
        let before = try play.placement()
        let words = ["drain", "host1", "host2", "host3", "--yes", "--output", "json"]
        let ending = try play.run(words)
        #expect(ending.status == 3 && ending.isCivil, "\(ending.text)")
        let plan = try ending.object()
        #expect(plan["outcome"] as? String == "infeasible")
        #expect((plan["blockers"] as? [Any])?.isEmpty == false)
        #expect(try play.placement() == before)
    }
}
