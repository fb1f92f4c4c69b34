import ClusterModel
import Foundation
import Persistence
import Telemetry
import Testing

/// Numbers that somebody else wrote: files, hosts, databases, the command line. Whatever they are,
/// there is a plain error or a result, and never a trap.
struct OutsideNumberTests {
    typealias Object = [String: Any]

    /// A change of the first host or domain of a snapshot, and words that the error must have.
    struct Edit: CustomTestStringConvertible {
        var says: String
        var path: [String]
        var json: String
        var list = "domains"

        var testDescription: String { "\(path.joined(separator: ".")) = \(json)" }

        func callAsFunction(_ snapshot: inout Object) throws {
            let value = try JSONSerialization.jsonObject(
                with: Data(json.utf8), options: .fragmentsAllowed)
            var entries = snapshot[list] as? [Object] ?? []
            entries[0] = Self.set(entries[0], path[...], value)
            snapshot[list] = entries
        }

        private static func set(
            _ object: Object, _ path: ArraySlice<String>, _ value: Any
        ) -> Object {
            var object = object
            guard let key = path.first else { return object }
            object[key] =
                path.count == 1
                ? value : set(object[key] as? Object ?? [:], path.dropFirst(), value)
            return object
        }
    }

    private static func domain(_ says: String, _ path: String..., json: String) -> Edit {
        Edit(says: says, path: path, json: json)
    }

    private static func host(_ says: String, _ path: String..., json: String) -> Edit {
        Edit(says: says, path: path, json: json, list: "hosts")
    }

    private static let most = "\(Int64.max)"
    private static let least = "\(Int64.min)"

    private static func cells(_ total: String, size: String, free: String) -> String {
        """
        [{"id": 0, "memory": 1073741824, "cpus": [0],
          "hugePages": [{"pageSize": \(size), "total": \(total), "free": \(free)}]}]
        """
    }

    private static let manyPages = cells("1099511627776", size: "1125899906842624", free: "0")
    private static let disk = """
        [{"target": "vda", "source": {"file": {"path": "/var/lib/libvirt/images/a.img"}},
          "isReadOnly": false, "isShareable": false, "device": "disk", "capacity": \(most)}]
        """

    static let edits: [Edit] = [
        domain("dirty rate", "dirtyRate", json: most),
        domain("dirty rate", "dirtyRate", json: least),
        domain("resident memory", "resident", json: least),
        domain("balloon", "facts", "balloon", json: "-1"),
        domain(
            "hotMilliseconds", "dirtying",
            json: #"{"hotSet": 1073741824, "hotMilliseconds": 0, "coldRate": 1}"#),
        domain(
            "hot set", "dirtying",
            json: "{\"hotSet\": \(most), \"hotMilliseconds\": 1, \"coldRate\": 1}"),
        domain("huge pages", "facts", "hugePages", json: #"{"pageSize": 0, "pages": 5}"#),
        domain(
            "huge pages", "facts", "hugePages",
            json: #"{"pageSize": 1099511627776, "pages": 1099511627776}"#),
        domain("disk vda", "facts", "disks", json: disk),
        domain("demand", "demand", "cpu", json: "[\(most), 1, 1, 1]"),
        host("reserve of memory", "reserve", json: "{\"memory\": \(least)}"),
        host("reserve of CPU", "reserve", json: "{\"cpu\": \(least)}"),
        host("CPU load", "load", "cpu", json: least),
        host("number of CPUs is absurd: 0", "facts", "cpu", "logicalCPUs", json: "0"),
        host("KSM", "facts", "ksm", json: "{\"pagesShared\": 1, \"pagesSharing\": \(most)}"),
        host(
            "pool 'p'", "facts", "pools",
            json: "[{\"name\": \"p\", \"type\": \"dir\", \"available\": \(most)}]"),
        host("1099511627776 of 1 PiB", "facts", "cells", json: manyPages),
        host("NUMA cell 0", "facts", "cells", json: cells(least, size: "2097152", free: "-1")),
    ]

    @Test func `a saved snapshot is refused with its host or domain and the value`() throws {
        let play = try Playground()
        try play.must(0, "snapshot", "--save", play.path("s.json"))
        for edit in Self.edits {
            try play.edit("s.json", as: "edited.json") { try edit(&$0) }
            for kind in [["drain", "host1"], ["balance"], ["rolling-reboot"]] {
                let ending = try play.run(
                    ["plan"] + kind + ["--snapshot", play.path("edited.json")])
                #expect(
                    ending.status == 64 && ending.isCivil && ending.errors.contains(edit.says)
                        && ending.errors.contains(edit.list == "hosts" ? "host1" : "vm0"),
                    "\(edit.testDescription): \(ending.text)")
            }
        }
    }

    @Test func `what is plausible alone is refused where it does not add up`() throws {
        let play = try Playground()
        try play.must(0, "snapshot", "--save", play.path("s.json"))
        try play.edit("s.json", as: "edited.json") { snapshot in
            let domains = snapshot["domains"] as? [Object] ?? []
            snapshot["domains"] = (0..<9000).map { number in
                var domain = domains[0]
                var facts = domain["facts"] as? Object ?? [:]
                (facts["id"], facts["memory"]) = ("id-\(number)", Int64(1) << 50)
                domain["facts"] = facts
                return domain
            }
        }
        let ending = try play.must(
            64, "plan", "balance", "--snapshot", play.path("edited.json"))
        #expect(ending.errors.contains("domains together"), "\(ending.text)")
    }

    @Test func `a recorded folder is looked through like a snapshot`() throws {
        let scratch = try HistoryTests.Scratch()
        let play = try Playground()
        try play.must(0, "snapshot", "--save", play.path("s.json"))
        let whole = try play.read("s.json")
        let ids = try play.run("snapshot").object()["domains"] as? [Object] ?? []
        let names = ids.compactMap { ($0["facts"] as? Object)?["id"] as? String }
        let row = names.map { _ in "100" }.joined(separator: ",")
        let history =
            "time,\(names.joined(separator: ","))\n2026-11-21T10:00:00Z,\(row)\n"
            + "2026-11-21T10:05:00Z,\(row)\n"
        try scratch.write(history, to: "case/history.csv")
        try scratch.write(whole, to: "case/cluster.json")
        try scratch.must(0, "simulate", scratch.path("case"))
        for edit in Self.edits {
            try play.edit("s.json", as: "edited.json") { try edit(&$0) }
            try scratch.write(try play.read("edited.json"), to: "case/cluster.json")
            let ending = try scratch.must(64, "simulate", scratch.path("case"))
            #expect(ending.errors.contains(edit.says), "\(edit.testDescription): \(ending.text)")
        }
        try scratch.write(whole, to: "case/cluster.json")
        for (option, value) in [
            ("--host-lost", "host2@9223372036854775807s"),
            ("--drain", "host2@10000000000000000s"),
            ("--host-added", "h9:32,256GiB@10000000000000000s"),
            ("--host-added", "h9:32,8388607TiB"), ("--host-resized", "host1:8,8388607TiB"),
        ] {
            let ending = try scratch.must(64, "simulate", scratch.path("case"), option, value)
            #expect(ending.errors.contains(option), "\(ending.text)")
        }
    }

    @Test func `times ago and times to keep have an end`() throws {
        let play = try Playground()
        let long = "10000000000000000s"
        for words in [
            ["record", play.path("r"), "--since", long], ["backtest", "--since", long],
            ["record", play.path("r"), "--since", "7d", "--until", long],
            [
                "import", "prometheus", "http://127.0.0.1:1", "--since", long, "--into",
                play.path("i"),
            ],
        ] {
            let ending = try play.run(words)
            #expect(ending.status == 64 && ending.isCivil, "\(words): \(ending.text)")
            #expect(ending.errors.contains("36525d at most"), "\(ending.text)")
        }
        let config = try play.read("kvmbalance.yaml")
        try play.write(config + "retention: {raw: \(long)}\n", to: "kvmbalance.yaml")
        let ending = try play.must(64, "collect", "--once")
        #expect(ending.errors.contains("'retention.raw' is '\(long)'"), "\(ending.text)")
    }

    @Test func `a plan's figures may be anything`() throws {
        let play = try Playground()
        try play.must(0, "plan", "consolidate", "--save", play.path("plan.json"))
        for figure in [1e300, -1e300] {
            try play.edit("plan.json", as: "edited.json") { plan in
                let figures = ["hosts_in_use": figure]
                plan["score"] = ["before": figures, "after": figures, "bound": figures]
            }
            let shown = try play.run("apply", "--dry-run", play.path("edited.json"))
            #expect(shown.isCivil && shown.text.contains("Hosts in use"), "\(shown.text)")
            try play.must(0, "explain", play.path("edited.json"))
        }
    }

    // MARK: Hosts

    /// What a host can tell that no host is.
    static let nonsense = [
        host("huge pages", "facts", "cells", json: manyPages),
        host("CPUs is absurd: 0", "facts", "cpu", "logicalCPUs", json: "0"),
        host("KSM", "facts", "ksm", json: "{\"pagesShared\": 1, \"pagesSharing\": \(most)}"),
    ]

    @Test(arguments: nonsense)
    func `one host's nonsense is its own fault, and the others are planned for`(
        _ nonsense: Edit
    ) throws {
        // Never sampled: there is nothing to fall back on.
        let play = try Playground(isSampled: false)
        try play.edit("fleet.json") { try nonsense(&$0) }
        let status = try play.must(0, "status").output
        #expect(status.contains("impossible figures"), "\(status)")
        #expect(status.contains(nonsense.says), "\(status)")
        let plan = try play.must(0, "plan", "drain", "host2", "--output", "json").object()
        let targets = Set((plan["steps"] as? [Object] ?? []).compactMap { $0["target"] as? String })
        #expect(targets == ["host3"])
        try play.must(0, "plan", "balance")
        _ = try play.must(1, "hosts", "check", "--no-probe")
        let collected = try play.run("collect", "--once")
        #expect(collected.isCivil, "\(collected.text)")
        try play.must(0, "plan", "balance")
    }

    @Test func `what an earlier version stored of such a host is not planned with`() async throws {
        let play = try Playground()
        let store = try MetricsStore(directory: play.path("database"))
        var stored = try #require(try await store.observations().first { $0.host == "host2" })
        stored.facts.cells = [
            NUMACell(
                id: 0, memory: .gibibytes(1),
                hugePages: [HugePagePool(pageSize: Bytes(1 << 50), total: 1 << 40, free: 0)])
        ]
        try await store.store(stored)
        #expect(try await store.observations().map(\.host) == ["host1", "host3"])
        try store.close()
        // Nobody reaches it any more, so that only the database can tell of it.
        let gone = try play.read("kvmbalance.yaml").replacingOccurrences(
            of: "?host=host2", with: "?host=nobody")
        try play.write(gone, to: "kvmbalance.yaml")
        for words in [
            ["status"], ["plan", "drain", "host1", "--best-effort"], ["plan", "balance"],
        ] {
            let ending = try play.run(words)
            #expect(ending.status == 0 && ending.isCivil, "\(words): \(ending.text)")
        }
    }
}
