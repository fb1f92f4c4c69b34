import Foundation
import Testing

/// `headroom` and `hosts baseline` by the built binary on a simulated fleet.
struct HeadroomCommandTests {
    @Test func roomIsCountedAndNothingChanges() throws {
        let play = try Playground()
        let before = try play.placement()
        let words = ["headroom", "--vcpus", "1", "--memory", "512MiB"]
        let told = try play.must(0, words)
        #expect(told.output.contains(" may fail: the others have room"), "\(told.text)")
        #expect(told.output.contains("more guests of 1 vCPU and 512 MiB: host1 "), "\(told.text)")
        let answer = try play.run(words + ["--output", "json"]).object()
        let room = try #require(answer["room"] as? [String: Any])
        let count = try #require(room["guests"] as? Int)
        let hosts = try #require(room["hosts"] as? [[String: Any]])
        #expect(count > 0 && hosts.compactMap { $0["guests"] as? Int }.reduce(0, +) == count)
        // A saved snapshot says the same.
        let file = play.path("snapshot.json")
        try play.must(0, "snapshot", "--save", file)
        let saved = try play.run(words + ["--snapshot", file, "--output", "json"]).object()
        #expect((saved["room"] as? [String: Any])?["guests"] as? Int == count)
        // A host that takes nothing says why.
        try play.must(0, "hosts", "disable", "host2")
        let closed = try play.must(0, words)
        #expect(closed.output.contains("  host2: it is in maintenance [maintenance]"))
        #expect(try play.placement() == before)
    }

    @Test func aLossThatDoesNotFitNamesItsGuests() throws {
        let play = try Playground(hosts: 2, domains: 6)
        try play.must(0, "hosts", "disable", "host2")
        let told = try play.must(0, "headroom")
        let guests = try play.placement().filter { $0.value == "host1" }.keys
        #expect(told.output.contains("If host1 fails, there is no place for "), "\(told.text)")
        for guest in guests { #expect(told.output.contains("\(guest) ("), "\(told.text)") }
        let answer = try play.run("headroom", "--output", "json").object()
        let losses = try #require(answer["losses"] as? [[String: Any]])
        #expect(losses.map { $0["host"] as? String } == ["host1"])
        #expect(answer["room"] == nil)
    }

    @Test func whatCannotBeMeantIsRefused() throws {
        let play = try Playground(hosts: 2, domains: 2, isSampled: false)
        for (words, said) in [
            (["--vcpus", "2"], "Give --vcpus and --memory, or --like DOMAIN"),
            (["--vcpus", "0", "--memory", "1GiB"], "--vcpus 0"),
            (["--vcpus", "1", "--memory", "1GB"], "not a size such as 8GiB"),
            (["--like", "nobody"], "there is no domain 'nobody'"),
        ] as [([String], String)] {
            let refused = try play.must(64, ["headroom"] + words)
            #expect(refused.errors.contains(said), "\(refused.text)")
        }
    }

    @Test func theCommonCPUIsToldWithThoseThatHaveAnother() throws {
        let play = try Playground()
        let told = try play.must(0, "hosts", "baseline")
        #expect(told.output.contains("host1"), "\(told.text)")
        let name = try #require(try play.placement().keys.min())
        let host = try #require(try play.placement()[name])
        let others = Set(["host1", "host2", "host3"]).subtracting([host]).sorted()
        try play.editDomain(name) { domain in
            var domain = domain
            var facts = domain["facts"] as? [String: Any] ?? [:]
            var guest = facts["guest"] as? [String: Any] ?? [:]
            guest["cpu"] =
                [
                    "mode": "custom", "model": "NoSuchModel", "requiredFeatures": [String](),
                ] as [String: Any]
            facts["guest"] = guest
            domain["facts"] = facts
            return domain
        }
        let answer = try play.run("hosts", "baseline", "--output", "json").object()
        let restart = try #require(answer["restart"] as? [[String: Any]], "\(answer)")
        #expect(restart.map { $0["domain"] as? String } == [name])
        let lacks = restart.first?["lacks"] as? [[String: Any]]
        #expect(lacks?.first?["hosts"] as? [String] == others, "\(answer)")
        let text = try play.must(0, "hosts", "baseline").output
        #expect(text.contains("  \(name) on \(host) (NoSuchModel, custom)"), "\(text)")
        #expect(text.contains("CPU model NoSuchModel is not usable"), "\(text)")
    }
}
