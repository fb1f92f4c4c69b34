import Foundation
import Testing

/// Two databases over the same hosts: neither knows of the other but by what lies on the hosts.
struct TwoControllersTests {
    /// A second fleet file with its own database, for these hosts or for all.
    private func second(_ play: Playground, hosts: ClosedRange<Int>? = nil) throws -> String {
        let text = try play.read("kvmbalance.yaml")
        let lines = text.split(separator: "\n").filter { !$0.hasPrefix("database:") }
        // Three lines for each host, after the first.
        let own = lines.dropFirst().enumerated().filter { number, _ in
            hosts?.contains(number / 3 + 1) ?? true
        }.map(\.element)
        let all = [lines[0]] + own + ["database: \(play.path("db2"))"]
        try play.write(all.joined(separator: "\n") + "\n", to: "second.yaml")
        return play.path("second.yaml")
    }

    private func run(_ play: Playground, _ config: String, _ words: String...) throws -> Ending {
        try Program(words + ["--config", config], in: play.folder).wait()
    }

    private func leases(_ play: Playground) throws -> [String] {
        let data = Data(try play.read("fleet.json").utf8)
        let fleet = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        return (fleet["hosts"] as? [[String: Any]] ?? []).compactMap {
            $0["lease"] == nil ? nil : $0["name"] as? String
        }
    }

    @Test func theSecondOneIsRefusedWhereTheFirstWorks() throws {
        let play = try Playground(hosts: 3, domains: 9, speed: 1)
        let other = try second(play)
        let drain = try play.start("drain", "host1", "--yes")
        try drain.says("migrating")
        let refused = try run(play, other, "drain", "host1", "--yes")
        #expect(refused.status == 75, "\(refused.text)")
        #expect(refused.errors.contains("host1: kvmbalance on "), "\(refused.text)")
        #expect(refused.errors.contains("run 1, drain host1"), "\(refused.text)")
        // It left no run behind, and reading asks for nothing.
        #expect(try run(play, other, "runs", "list").output.contains("There are no runs"))
        #expect(try run(play, other, "status").status == 0)
        try play.must(0, "runs", "abort", "1")
        _ = try drain.wait()
        #expect(try leases(play).isEmpty)
        #expect(try run(play, other, "drain", "host1", "--yes").status == 0)
    }

    @Test func onlyHostsThatARunTouchesAreHeld() throws {
        let play = try Playground(hosts: 6, domains: 6, speed: 1)
        let other = try second(play)
        let plan = try play.must(0, "plan", "drain", "host1", "--output", "json").object()
        let steps = plan["steps"] as? [[String: Any]] ?? []
        let touched = Set(steps.compactMap { $0["target"] as? String } + ["host1"])
        let drain = try play.start("drain", "host1", "--yes")
        try drain.says("migrating")
        #expect(Set(try leases(play)) == touched)
        let names = (1...6).map { "host\($0)" }
        let free = try #require(names.first { !touched.contains($0) })
        // A host with nothing on it needs no run and no lease; a shown plan neither.
        #expect(try run(play, other, "drain", free, "--dry-run").status == 0)
        #expect(Set(try leases(play)) == touched)
        try play.must(0, "runs", "abort", "1")
        _ = try drain.wait()
    }

    @Test func onDisjointHostsBothGo() throws {
        let play = try Playground(hosts: 6, domains: 18, speed: 2)
        let other = try second(play, hosts: 4...6)
        let text = try play.read("kvmbalance.yaml").split(separator: "\n")
        let first = [text[0]] + text[1...9] + text.suffix(1)
        try play.write(first.joined(separator: "\n") + "\n", to: "kvmbalance.yaml")
        let drain = try play.start("drain", "host1", "--yes")
        try drain.says("migrating")
        let beside = try run(play, other, "drain", "host4", "--yes")
        #expect(beside.status == 0, "\(beside.text)")
        #expect(try drain.wait().status == 0)
        #expect(try leases(play).isEmpty)
    }

    @Test func aKilledRunKnowsItsOwnLeases() throws {
        let play = try Playground(hosts: 3, domains: 9, speed: 10)
        let other = try second(play)
        let drain = try play.start("drain", "host1", "--yes")
        try drain.says("migrating")
        drain.send(SIGKILL)
        _ = try drain.wait()
        #expect(try leases(play).contains("host1"))
        #expect(try run(play, other, "drain", "host1", "--yes").status == 75)
        try play.must(0, "runs", "resume", "1", "--yes")
        #expect(try leases(play).isEmpty)
    }

    /// In its own mount namespace, where the kernel says that all storage is a server's.
    @Test(.enabled(if: geteuid() == 0, "another list of mounts needs root"))
    func aDatabaseOnAServersStorageIsRefused() throws {
        let play = try Playground(isSampled: false)
        let script = """
            mounts='\(play.path("mounts"))'
            sed 's/ - [^ ]* / - nfs4 /' /proc/self/mountinfo >"$mounts"
            export mounts
            exec unshare --mount bash -c '
                mount --bind "$mounts" /proc/$$/mountinfo && exec "$0" "$@"' "$0" "$@"
            """
        for words in [
            ["collect", "--once"], ["hosts", "disable", "host1"], ["drain", "host1", "--yes"],
        ] {
            let refused = try play.start(by: script, words).wait()
            #expect(refused.status == 1 && refused.isCivil, "\(refused.text)")
            #expect(refused.errors.contains("is on network storage (nfs4)"), "\(refused.text)")
            #expect(refused.errors.contains("a local disk"), "\(refused.text)")
        }
        #expect(!FileManager.default.fileExists(atPath: play.path("database/run.lock")))
        try play.must(0, "hosts", "disable", "host1")
    }

    @Test func onlyOneCollectorStoresSamples() throws {
        let play = try Playground()
        let collector = try play.start("collect", "--period", "1")
        let deadline = Date(timeIntervalSinceNow: 20)
        while !FileManager.default.fileExists(atPath: play.path("database/collect.lock")),
            Date() < deadline
        { usleep(50_000) }
        usleep(300_000)
        let refused = try play.must(75, "collect", "--period", "1")
        #expect(refused.errors.contains("a collector stores samples"), "\(refused.text)")
        // One sample more does no harm.
        try play.must(0, "collect", "--once")
        collector.send(SIGTERM)
        _ = try collector.wait()
    }
}
