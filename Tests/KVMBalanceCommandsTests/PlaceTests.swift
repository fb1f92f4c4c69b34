import Foundation
import Testing

/// `place` by the built binary on a simulated fleet: it answers, and changes nothing.
struct PlaceTests {
    private func hosts(_ answer: [String: Any]) -> [String] {
        ((answer["hosts"] as? [[String: Any]]) ?? []).compactMap { $0["host"] as? String }
    }

    @Test func aNewGuestGetsTheLeastLoadedHostAndNothingChanges() throws {
        let play = try Playground()
        let before = try play.placement()
        let words = ["place", "--vcpus", "1", "--memory", "512MiB", "--network", "default"]
        let told = try play.must(0, words)
        #expect(told.output.hasPrefix("Start the new guest (1 vCPU, 512 MiB) on host"))
        let answer = try play.run(words + ["--output", "json"]).object()
        let ranked = hosts(answer)
        #expect(told.output.contains(" on \(try #require(ranked.first)): "))
        try play.must(0, "hosts", "disable", ranked[0])
        let closed = try play.must(0, words)
        #expect(closed.output.contains("  \(ranked[0]): it is in maintenance [maintenance]"))
        #expect(
            hosts(try play.run(words + ["--output", "json"]).object()) == Array(ranked.dropFirst()))
        #expect(try play.placement() == before)
    }

    @Test func whereNothingFitsTheCodeSaysSoAndEachHostIsNamedOnce() throws {
        let play = try Playground()
        let told = try play.must(3, ["place", "--vcpus", "1", "--memory", "4TiB"])
        #expect(told.output.hasPrefix("No host of "))
        #expect(told.output.contains("of memory short"))
        let none = try play.must(
            3, ["place", "--vcpus", "1", "--memory", "1GiB", "--network", "nowhere"])
        #expect(none.output.components(separatedBy: "no active libvirt network").count == 2)
    }

    @Test func whatCannotBeMeantIsRefused() throws {
        let play = try Playground()
        let name = try #require(try play.placement().keys.min())
        for (words, said) in [
            (["--vcpus", "2"], "give --vcpus and --memory"),
            (["--vcpus", "0", "--memory", "1GiB"], "--vcpus 0"),
            (["--vcpus", "1", "--memory", "1GB"], "not a size such as 8GiB"),
            (["--vcpus", "1", "--memory", "1GiB", "--disk", "1GiB"], "--disk needs --pool"),
            ([name], "is running on host"), ([name, "--like", name], "leave it out"),
            (["nobody"], "there is no domain 'nobody'"),
        ] as [([String], String)] {
            let refused = try play.must(64, ["place"] + words)
            #expect(refused.errors.lowercased().contains(said.lowercased()), "\(refused.text)")
        }
        try play.must(0, ["place", "--like", name])
    }
}
