import Foundation
import Testing

/// Drains with `--to`, `--not-to` and `--except`, by the built binary on a simulated fleet.
struct DrainWishTests {
    @Test func anExceptedGuestStaysAndNobodyIsToldThatTheHostIsEmpty() throws {
        let play = try Playground()
        let before = try play.placement()
        let names = before.filter { $0.value == "host1" }.keys.sorted()
        let words = ["drain", "host1", "--except", names[0]]
        let shown = try play.run(["plan"] + words)
        let reason = "\(names[0]): left out with --except, so host1 is not empty afterwards"
        #expect(shown.status == 0 && shown.output.contains(reason), "\(shown.text)")
        let ending = try play.run(words + ["--yes"])
        #expect(ending.status == 0 && ending.isCivil, "\(ending.text)")
        let told = "host1 is not empty: '\(names[0])' was left out with --except"
        #expect(ending.output.contains("drain host1: done: \(told)"), "\(ending.text)")
        #expect(try play.placement().filter { $0.value == "host1" }.keys.sorted() == [names[0]])
        #expect(try play.maintenance() == ["host1"])
        let again = try play.run(words + ["--yes"])
        #expect(again.status == 0 && again.output.contains("nothing to do"), "\(again.text)")
        #expect(again.output.contains(reason))
        // A drain of the rest is a drain like any other.
        try play.must(0, "drain", "host1", "--yes")
        #expect(!(try play.placement().values.contains("host1")))
        try play.must(0, "return", "host1", "--yes")
        #expect(try play.placement() == before)
    }

    @Test func onlyNamedHostsTakeWhatLeaves() throws {
        let play = try Playground(hosts: 5, domains: 15)
        let before = try play.placement()
        let names = before.filter { $0.value == "host1" }.keys
        try play.must(0, "drain", "host1", "--to", "host2,host3", "--yes")
        let after = try play.placement()
        #expect(names.allSatisfy { ["host2", "host3"].contains(after[$0]) })
        try play.must(0, "return", "host1", "--yes")
        try play.must(
            0, "drain", "host1", "--not-to", "host2", "--not-to", "host3,host4", "--yes")
        let last = try play.placement()
        #expect(names.allSatisfy { last[$0] == "host5" })
    }

    @Test func aSavedPlanKeepsToWhatWasAsked() throws {
        let play = try Playground()
        let name = try #require(
            try play.placement().filter { $0.value == "host1" }.keys.sorted().first)
        let file = play.path("plan.json")
        try play.must(
            0, "plan", "drain", "host1", "--to", "host2", "--except", name, "--save", file)
        let plan = try #require(
            try JSONSerialization.jsonObject(with: Data(play.read("plan.json").utf8))
                as? [String: Any])
        let wishes = try #require(plan["wishes"] as? [String: Any])
        #expect(wishes["to"] as? [String] == ["host2"])
        let except = try #require(wishes["except"] as? [[String: Any]])
        #expect(except.map { $0["domain"] as? String } == [name])
        // Whoever edits a step away from it is refused.
        try play.edit("plan.json", as: "edited.json") { plan in
            var steps = plan["steps"] as? [[String: Any]] ?? []
            steps[0]["target"] = "host3"
            plan["steps"] = steps
        }
        let edited = try play.must(1, "apply", play.path("edited.json"), "--yes")
        #expect(edited.errors.contains("is to end on host2 (--to)"), "\(edited.text)")
        #expect(
            edited.errors.contains("kvmbalance plan drain host1 --to host2 --except \(name)"))
        try play.must(0, "apply", file, "--yes")
        #expect(try play.placement()[name] == "host1")
    }

    @Test func whatContradictsItselfIsRefused() throws {
        let play = try Playground()
        let before = try play.placement()
        let away = try #require(before.filter { $0.value == "host2" }.keys.sorted().first)
        for (words, message) in [
            (["--to", "host1"], "host1 is to be drained, and its guests cannot go there"),
            (["--to", "host2", "--not-to", "host2"], "host2 is named by --to and by --not-to"),
            (["--to", "host9"], "there is no host 'host9'"),
            (["--not-to", "host9"], "there is no host 'host9'"),
            (["--except", "nobody"], "there is no domain 'nobody' on any host"),
            (["--except", away], "'\(away)' runs on host2, which is not to be drained"),
        ] {
            let refused = try play.run(["drain", "host1", "--yes"] + words)
            #expect(refused.status == 64 && refused.isCivil, "\(words): \(refused.text)")
            #expect(refused.errors.contains(message), "\(words): \(refused.text)")
        }
        #expect(try play.placement() == before)
        #expect(try play.maintenance().isEmpty)
    }
}
