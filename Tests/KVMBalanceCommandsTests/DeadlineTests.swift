import Foundation
import Testing

/// `drain --deadline` by the built binary on a simulated fleet.
struct DeadlineTests {
    @Test func whatWouldNotBeOverInTimeIsNotBegun() throws {
        let play = try Playground()
        let before = try play.placement()
        let late = try play.must(3, "drain", "host1", "--yes", "--deadline", "1s")
        #expect(late.output.contains("infeasible"), "\(late.text)")
        #expect(late.output.contains("[deadline]"), "\(late.text)")
        #expect(try play.maintenance().isEmpty && play.placement() == before)
        let plan = try play.must(
            3, "plan", "drain", "host1", "--deadline", "1s", "--output", "json"
        ).object()
        #expect(plan["outcome"] as? String == "infeasible")
        let blockers = try #require(plan["blockers"] as? [[String: Any]])
        #expect(blockers.map { $0["reason"] as? String } == ["deadline"])
        // What the remedy asks for can be typed.
        let remedy = try #require(blockers.first?["remedy"] as? String)
        let words = try #require(remedy.components(separatedBy: "--deadline ").last)
        let enough = try play.must(0, "plan", "drain", "host1", "--deadline", words)
        #expect(enough.errors.contains(" and will be over at "), "\(enough.text)")
        let drained = try play.must(0, "drain", "host1", "--yes", "--deadline", words)
        #expect(drained.errors.contains(": the plan needs "), "\(drained.text)")
        #expect(try !play.placement().values.contains("host1"))
    }

    @Test func badDeadlinesAreRefusedBeforeAnythingIsRead() throws {
        let play = try Playground(hosts: 2, domains: 2, isSampled: false)
        for (text, said) in [
            ("soon", "'soon' is not a time of day such as 22:00"),
            ("2020-01-01T00:00:00Z", "ago: give one that is to come"), ("0s", "was 0.0 s ago"),
        ] {
            for words in [["drain"], ["plan", "drain"]] {
                let refused = try play.must(64, words + ["host1", "--deadline", text])
                #expect(refused.errors.contains(said), "\(refused.text)")
            }
        }
        #expect(
            try play.must(64, "move", "x", "--deadline", "5m").errors.contains("Unknown option"))
    }
}
