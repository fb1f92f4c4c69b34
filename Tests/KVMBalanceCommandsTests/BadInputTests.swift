import Foundation
import Testing

/// What an operator gets wrong or finds broken at 3 a.m.: one clear error each, and nothing lost.
struct BadInputTests {
    @Test func fleetFiles() throws {
        let play = try Playground()
        for (text, words) in [
            ("", "the file is empty"),
            ("hosts: []\n", "no hosts"),
            ("hosts:\n  - name: a\n    uri: qemu:///system\n    colour: red\n", "line 4, column 5"),
            ("host:\n  - name: a\n", "Maybe you meant 'hosts'"),
            ("\t: :\n  - [", "not YAML"),
            ("hosts:\n  - name: a\n    uri: simulated://x\n", "'simulated://x'"),
            ("hosts:\n  - {name: a, uri: x://1}\n  - {name: a, uri: x://2}\n", "two hosts"),
        ] {
            try play.write(text, to: "kvmbalance.yaml")
            let ending = try play.must(64, "status")
            #expect(ending.errors.contains(words), "\(ending.text)")
            #expect(ending.errors.contains("kvmbalance.yaml") || words.contains("simulated"))
        }
        try FileManager.default.removeItem(atPath: play.config)
        #expect(try play.must(64, "status").errors.contains("no such file"))
    }

    @Test func usage() throws {
        let play = try Playground()
        try play.write("drian: 1\n", to: "policy.yaml")
        for (words, says) in [
            (["status", "nohost"], "it has host1, host2, host3"),
            (["plan", "drain", "nohost"], "it has host1, host2, host3"),
            (["drain"], "<hosts>"), (["bogus"], "kvmbalance --help"),
            (["plan", "drain", "host1", "--seed", "abc"], "'abc'"),
            (["plan", "drain", "host1", "--time-limit", "0"], "--time-limit is 0"),
            (["plan", "drain", "host1", "--p2p", "--managed"], "exclude"),
            (["plan", "drain", "host1", "--tunnelled", "--tls"], "--tunnelled"),
            (["plan", "drain", "host1", "--postcopy", "--suspend"], "exclude"),
            (["plan", "drain", "host1", "--offline", "--suspend"], "cold move starts the domain"),
            (["plan", "drain", "host1", "--offline-domains", "a"], "needs --offline"),
            (["plan", "drain", "host1", "--comp-methods", "zip"], "comp-methods"),
            (["plan", "drain", "host1", "--direct"], "--managed"),
            (["plan", "drain", "host1", "--bandwidth", "\(Int.max)"], "--bandwidth is"),
            (["plan", "drain", "host1", "--when-stuck", "offline"], "offline"),
            (["plan", "drain", "host1", "--max-downtime", "0"], "--max-downtime is 0"),
            (["plan", "drain", "host1", "--max-bandwidth", "5"], "no limit to raise"),
            (["plan", "drain", "host1", "--bandwidth", "9", "--max-bandwidth", "5"], "exclude"),
            (["plan", "drain", "host1", "--when-stuck", "post-copy", "--suspend"], "exclude"),
            (["plan", "drain", "host1", "--policy", play.path("none.yaml")], "no such file"),
            (["plan", "drain", "host1", "--policy", play.path("policy.yaml")], "line 1, column 1"),
            (["runs", "show", "99"], "there is no run 99"), (["runs", "show", "x"], "'x'"),
            (["runs", "resume", "99"], "there is no run 99"),
            (["runs", "abort", "99"], "there is no run 99"),
            (["explain", "99"], "there is no run 99"), (["collect", "--period", "0"], "--period"),
        ] {
            let ending = try play.run(words)
            #expect(
                ending.status == 64 && ending.isCivil && ending.errors.contains(says),
                "\(words): \(ending.text)")
            #expect(ending.output.isEmpty)
        }
    }

    @Test func twoHostsWithOneUUID() throws {
        let play = try Playground()
        try play.editHosts { host in
            guard host["name"] as? String == "host2", var facts = host["facts"] as? [String: Any]
            else { return }
            facts["uuid"] = "00000001-5150-4000-8000-000000000001"
            host["facts"] = facts
        }
        let check = try play.must(1, "hosts", "check")
        #expect(check.output.contains("the same as host2") && check.output.contains("host_uuid"))
        let plan = try play.run("plan", "drain", "host1", "--output", "json")
        #expect(plan.isCivil)
        for step in try plan.object()["steps"] as? [[String: Any]] ?? [] {
            let ends = [step["source"] as? String, step["target"] as? String]
            #expect(Set(ends) != ["host1", "host2"])
        }
    }

    @Test func aDeadHostHindersNobody() throws {
        let play = try Playground(hosts: 3, domains: 6)
        let dead =
            "  - name: dead\n    uri: qemu+tcp://127.0.0.1:1/system\n"
            + "  - name: lost\n    uri: simulated:///nowhere/fleet.json?host=lost\n"
        try play.write(
            try play.read("kvmbalance.yaml")
                .replacingOccurrences(of: "database:", with: dead + "database:"),
            to: "kvmbalance.yaml")
        let start = ContinuousClock.now
        let status = try play.must(0, "status").output
        #expect(status.contains("dead") && status.contains("Connection refused"))
        #expect(status.contains("lost") && status.contains("/nowhere/fleet.json"))
        #expect(status.contains("vm001"))
        #expect(ContinuousClock.now - start < .seconds(20))
        try play.must(1, "hosts", "check")
        #expect(try play.must(1, "collect", "--once").errors.contains("dead: not sampled"))
        try play.must(0, "drain", "host1", "--yes")
        #expect(!(try play.placement().values.contains("host1")))
        // Nobody may take a host for empty that cannot be asked.
        for words in [["drain", "dead", "--yes"], ["drain", "dead", "host2", "--yes"]] {
            let ending = try play.run(words)
            #expect(ending.status == 3 && ending.isCivil, "\(ending.text)")
            #expect(ending.output.contains("it is unknown what runs there"))
        }
        #expect(try play.maintenance() == ["host1"])
    }

    @Test(arguments: ["metrics.sqlite", "journal.sqlite"])
    func damagedDatabases(_ name: String) throws {
        let play = try Playground()
        try play.must(0, "collect", "--once")
        try play.must(0, "drain", "host1", "--yes")
        let before = try play.placement()
        let file = URL(fileURLWithPath: play.path("database/\(name)"))
        let whole = try Data(contentsOf: file)
        var noise = SystemRandomNumberGenerator()
        let random = Data((0..<whole.count).map { _ in UInt8.random(in: 0...255, using: &noise) })
        for bytes in [random, whole.prefix(whole.count / 2)] {
            try bytes.write(to: file)
            for ending in [
                "\(name)-wal", "\(name)-shm",
            ] { try? FileManager.default.removeItem(atPath: play.path("database/\(ending)")) }
            for words in [["status"], ["drain", "host2", "--yes"]] {
                let ending = try play.run(words)
                #expect(ending.status == 1 && ending.isCivil, "\(ending.text)")
                #expect(ending.errors.contains(name), "\(ending.text)")
            }
            #expect(try Data(contentsOf: file) == bytes, "a damaged file was changed")
        }
        try whole.write(to: file)
        #expect(try play.placement() == before)
    }

    @Test func aFolderThatCanNotBeMade() throws {
        let play = try Playground()
        let config = try play.read("kvmbalance.yaml")
        try play.write("", to: "file")
        try play.write(
            config.replacingOccurrences(
                of: "database: \(play.path("database"))", with: "database: \(play.path("file"))/x"),
            to: "kvmbalance.yaml")
        for words in [["status"], ["collect", "--once"], ["drain", "host1", "--yes"]] {
            let ending = try play.run(words)
            #expect(ending.status == 1 && ending.isCivil, "\(ending.text)")
            #expect(ending.errors.contains("Not a directory"), "\(ending.text)")
        }
    }

    @Test(arguments: [
        "web server \"one\"", "../../etc/passwd", "$(reboot); `id` | rm -rf *", "größe-ж-漢字",
        "'single' & <xml>", "evil\u{1B}[2J\u{202E}name", "-rf", "%s%n%d",
    ])
    func strangeNames(_ name: String) throws {
        let play = try Playground()
        try play.editDomain("vm001") { domain in
            var domain = domain
            var facts = domain["facts"] as? [String: Any] ?? [:]
            facts["name"] = name
            domain["facts"] = facts
            return domain
        }
        let status = try play.must(0, "status").output
        #expect(!status.contains("\u{1B}") && !status.contains("\u{202E}"))
        try play.must(0, "plan", "drain", "host1", "--save", play.path("plan.json"))
        let why = try play.must(0, "explain", play.path("plan.json"), "--", name)
        #expect(why.output.contains("host1 is drained"), "\(why.text)")
        try play.must(0, "apply", play.path("plan.json"), "--yes")
        #expect(try play.placement()[name].map { $0 != "host1" } == true)
        let report = try play.must(0, "runs", "show", "1", "--output", "json").object()
        let steps = try #require(report["steps"] as? [[String: Any]])
        #expect(steps.contains { $0["domain"] as? String == name })
    }
}
