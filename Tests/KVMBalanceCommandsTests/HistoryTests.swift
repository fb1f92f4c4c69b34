import ClusterModel
import Foundation
import Persistence
import Telemetry
import Testing

/// Import, record, simulate and backtest through the built program.
@Suite(.serialized)
struct HistoryTests {
    /// A folder of its own, gone when the test is over.
    final class Scratch {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("kvmbalance-history-\(UUID().uuidString)")
        init() throws {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        }
        deinit { try? FileManager.default.removeItem(at: folder) }

        func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
        func write(_ text: String, to name: String) throws {
            let file = folder.appendingPathComponent(name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        @discardableResult
        func must(
            _ status: Int32, _ words: String..., at location: SourceLocation = #_sourceLocation
        ) throws -> Ending {
            let ending = try Program(words, in: folder).wait()
            #expect(
                ending.status == status && ending.isCivil, "\(words): \(ending.text)",
                sourceLocation: location)
            return ending
        }
    }

    /// Two hosts of four CPUs; on the first two domains that are busy together from noon on.
    private func busyCSV() -> String {
        var lines = ["time,domain,host,cpu,vcpus"]
        for domain in 1...4 {
            for minute in stride(from: 5, through: 1440, by: 5) {
                let isBusy = domain <= 2 && minute > 720
                lines.append(
                    "\(1_700_006_400 + minute * 60),web\(domain),\(domain <= 3 ? "a" : "b"),"
                        + "\(isBusy ? 2900 : 200),4")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func importBusy(_ scratch: Scratch) throws {
        try scratch.write(busyCSV(), to: "busy.csv")
        try scratch.must(
            0, "import", "csv", scratch.path("busy.csv"), "--host", "host", "--unit", "millicpus",
            "--cpus", "4", "--memory", "64GiB", "--into", scratch.path("fleet"))
    }

    private let policy = """
        name: even
        reserve: {memory: 1GiB, cpu: 0}
        balance: {resources: [cpu], limits: {cpu: 90 %}}
        rebalance: {held: 2, looks: 3}
        """

    @Test func `an imported day is back-tested, recorded and simulated alike`() throws {
        let scratch = try Scratch()
        try importBusy(scratch)
        try scratch.write(policy, to: "even.yaml")
        let config = scratch.path("fleet/kvmbalance.yaml")
        let span = ["--since", "2023-11-15T00:00:00Z", "--until", "2023-11-16T00:00:00Z"]
        let tested = try scratch.must(
            0, "backtest", "--config", config, span[0], span[1], span[2], span[3], "--policy",
            scratch.path("even.yaml"), "--html", scratch.path("page.html"), "--output", "json")
        let runs = try #require(try tested.object()["runs"] as? [[String: Any]])
        #expect(runs.count == 2)
        let idle = try #require(runs[0]["host_overload_minutes"] as? Double)
        let even = try #require(runs[1]["host_overload_minutes"] as? Double)
        #expect(idle == 720)
        #expect(even < 30 && even > 0)
        #expect(runs[1]["moves"] as? Int == 1)

        let page = try String(contentsOfFile: scratch.path("page.html"), encoding: .utf8)
        #expect(page.contains("<svg") && page.contains("<polygon") && page.contains("even"))
        #expect(!page.contains("http") && !page.contains("src="), "nothing from elsewhere")

        try scratch.must(
            0, "record", scratch.path("case"), "--config", config, span[0], span[1], span[2],
            span[3], "--policy", scratch.path("even.yaml"))
        let played = try scratch.must(0, "simulate", scratch.path("case"))
        #expect(played.output.contains("sustained overload: a"))
        #expect(played.output.contains("→ b in"))
        let again = try scratch.must(0, "simulate", scratch.path("case"))
        #expect(again.output == played.output)
        let json = try scratch.must(0, "simulate", scratch.path("case"), "--output", "json")
        let document = try #require(try json.json() as? [[String: Any]])
        let replayed = try #require(document[0]["runs"] as? [[String: Any]])
        #expect(replayed[1]["host_overload_minutes"] as? Double == even)
    }

    @Test func `what-ifs change the world`() throws {
        let scratch = try Scratch()
        try importBusy(scratch)
        try scratch.write(policy, to: "even.yaml")
        try scratch.must(
            0, "record", scratch.path("case"), "--config", scratch.path("fleet/kvmbalance.yaml"),
            "--since", "2023-11-15", "--until", "2023-11-16")
        let folder = scratch.path("case")
        let rule = scratch.path("even.yaml")
        let drained = try scratch.must(
            0, "simulate", folder, "--policy", rule, "--drain", "b@2h", "--host-added",
            "c:16,64GiB@1h")
        #expect(drained.output.contains("drain b"))
        #expect(drained.output.contains("web4 b → "))
        let lost = try scratch.must(
            0, "simulate", folder, "--policy", rule, "--host-lost", "b@12h", "--output", "json")
        let runs = try #require(
            (try lost.json() as? [[String: Any]])?[0]["runs"] as? [[String: Any]])
        #expect(try #require(runs[0]["outage_minutes"] as? Double) > 700)
        let big = try scratch.must(
            0, "simulate", folder, "--policy", rule, "--host-resized", "a:64,64GiB", "--output",
            "json")
        let bigRuns = try #require(
            (try big.json() as? [[String: Any]])?[0]["runs"] as? [[String: Any]])
        #expect(bigRuns[0]["host_overload_minutes"] as? Double == 0)
        try scratch.must(
            0, "simulate", folder, "--policy", rule, "--domains-added", "3:like=web4", "--grow",
            "20", "--link-mbps", "100", "--brief")
        for wrong in [
            ["--host-lost", "z@1h"], ["--host-lost", "a"], ["--host-lost", "a@99d"],
            ["--domains-added", "3:like=nobody"], ["--host-resized", "a:many,1GiB"],
        ] {
            try scratch.must(64, "simulate", folder, wrong[0], wrong[1])
        }
    }

    @Test func `what is wrong in a trace is said with file and line`() throws {
        let scratch = try Scratch()
        let head = "time,domain,cpu,vcpus\n"
        let cases: [(String, String)] = [
            ("1700000000,a,50,2\n1700000300,a,-1,2\n", "line 3: '-1' is not a number"),
            ("1700000000,a,9000,2\n", "line 2: a: 180 CPUs are more"),
            ("1700000600,a,5,2\n1700000000,a,5,2\n", "line 3: a: the clock goes back"),
            ("1700000000,a,5\n", "line 2: 3 fields, not 4"),
            ("yesterday,a,5,2\n", "line 2: 'yesterday' is neither"),
            ("1700000000,a,nan,2\n", "line 2: 'nan' is not a number"),
        ]
        for (number, (text, expected)) in cases.enumerated() {
            try scratch.write(head + text, to: "bad\(number).csv")
            let ending = try scratch.must(
                64, "import", "csv", scratch.path("bad\(number).csv"), "--into",
                scratch.path("into\(number)"))
            #expect(
                ending.errors.contains("bad\(number).csv, \(expected)"), "\(ending.errors)")
        }
        try scratch.write("when,domain,cpu,vcpus\n", to: "column.csv")
        let column = try scratch.must(
            64, "import", "csv", scratch.path("column.csv"), "--into", scratch.path("x"))
        #expect(column.errors.contains("there is no column 'time'"))
        try scratch.write("12\n101\n", to: "20110303/machine")
        let day = try scratch.must(
            64, "import", "planetlab", scratch.path("20110303"), "--into", scratch.path("y"))
        #expect(day.errors.contains("machine, line 2: '101' is not a percentage"))
    }

    @Test func `what migrations are estimated by is recorded`() async throws {
        let scratch = try Scratch()
        try importBusy(scratch)
        let config = scratch.path("fleet/kvmbalance.yaml")
        func recorded(_ folder: String) throws -> [Domain] {
            try scratch.must(
                0, "record", scratch.path(folder), "--config", config, "--since", "2023-11-15",
                "--until", "2023-11-16")
            let cluster = try Data(
                contentsOf: URL(fileURLWithPath: scratch.path("\(folder)/cluster.json")))
            return try JSONDecoder().decode(ClusterSnapshot.self, from: cluster).domains
        }
        let before = try recorded("before")
        #expect(before.compactMap(\.dirtyRates).isEmpty)
        let reading = DirtyRatesReading(
            domain: try #require(before.first { $0.name == "web1" }).id,
            at: Timestamp(seconds: 1_700_060_000),
            short: .init(milliseconds: 1000, rate: .mebibytes(8)),
            long: .init(milliseconds: 4000, rate: .mebibytes(4)))
        let store = try MetricsStore(directory: scratch.path("fleet/database"))
        try await store.store([reading])
        try store.close()
        #expect(try recorded("after").compactMap(\.dirtyRates) == [reading.dirtyRates])
    }

    @Test func `a record that is too short to be played is refused`() throws {
        let scratch = try Scratch()
        try scratch.must(0, "simulated-fleet", scratch.path("fleet"))
        let config = scratch.path("fleet/kvmbalance.yaml")
        for _ in 1...2 { try scratch.must(0, "collect", "--once", "--config", config) }
        let short = try scratch.must(1, "record", scratch.path("case"), "--config", config)
        #expect(short.errors.contains("at least two minutes"), "\(short.errors)")
        #expect(!FileManager.default.fileExists(atPath: scratch.path("case")))
    }

    @Test func `holes stay holes`() throws {
        let scratch = try Scratch()
        var text = "time,domain,cpu,vcpus\n"
        for minute in stride(from: 5, through: 600, by: 5) {
            let isHole = (200..<400).contains(minute)
            text += "\(1_700_006_400 + minute * 60),a,\(isHole ? "" : "50"),2\n"
        }
        try scratch.write(text, to: "holes.csv")
        try scratch.must(
            0, "import", "csv", scratch.path("holes.csv"), "--into", scratch.path("fleet"))
        try scratch.must(
            0, "record", scratch.path("case"), "--config", scratch.path("fleet/kvmbalance.yaml"),
            "--since", "2023-11-15", "--until", "2023-11-16")
        let lines = try String(contentsOfFile: scratch.path("case/history.csv"), encoding: .utf8)
            .split(separator: "\n").dropFirst()
        let values = lines.map { $0.split(separator: ",", omittingEmptySubsequences: false)[1] }
        #expect(values.filter { $0 == "1000" }.count == 80)
        #expect(values.filter(\.isEmpty).count == 40)
    }

    @Test func `a damaged folder is refused with file and line`() throws {
        let scratch = try Scratch()
        let cluster = """
            hosts: [{name: a, cpus: 4, memory: 16GiB}]
            domains: [{name: web, host: a}]
            """
        let cases = [
            ("time,web\n2023-11-15T00:00:00Z,1\nsoon,1\n", "line 3: 'soon' is not a time"),
            ("time,web\n2023-11-15T00:00:00Z,-4\n", "line 2: '-4' is not CPU use"),
            ("time,wbe\n", "line 1: there is no domain 'wbe'"),
            (
                "time,web\n2023-11-15T00:05:00Z,1\n2023-11-15T00:00:00Z,1\n",
                "line 3: the clock goes back"
            ),
            ("time,web\n2023-11-15T00:05:00Z\n", "line 2: 1 fields, not 2"),
            ("time,web\n2023-11-15T00:05:00Z,99999999999\n", "line 2: '99999999999' is not CPU"),
            (
                "time,web\n2023-11-15T00:00:00Z,1\n2023-11-15T00:05:00Z,1\n"
                    + "2023-11-15T00:15:00Z,1\n",
                "line 4: 600 s after the line before, not 300"
            ),
        ]
        for (number, (text, expected)) in cases.enumerated() {
            try scratch.write(cluster, to: "f\(number)/cluster.yaml")
            try scratch.write(text, to: "f\(number)/history.csv")
            let ending = try scratch.must(64, "simulate", scratch.path("f\(number)"))
            #expect(ending.errors.contains("history.csv, \(expected)"), "\(ending.errors)")
        }
        try scratch.write("hosts: [{name: a, cpsu: 4}]", to: "typo/cluster.yaml")
        try scratch.write("time,web\n", to: "typo/history.csv")
        let typo = try scratch.must(64, "simulate", scratch.path("typo"))
        #expect(typo.errors.contains("cluster.yaml: line 1") && typo.errors.contains("'cpus'"))
        try scratch.write(cluster, to: "policy/cluster.yaml")
        try scratch.write(
            "time,web\n2023-11-15T00:00:00Z,1\n2023-11-15T00:05:00Z,1\n", to: "policy/history.csv")
        try scratch.write("name: p\nrebalance: {hled: 2}\n", to: "policy/policy.yaml")
        let rule = try scratch.must(64, "simulate", scratch.path("policy"))
        #expect(rule.errors.contains("policy.yaml: line 2, column 13"), "\(rule.errors)")
        #expect(rule.errors.contains("Maybe you meant 'held'"), "\(rule.errors)")
    }

    // MARK: Stories

    static let simulations = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("simulations")

    static let stories: [String] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: simulations.path)) ?? []
        return names.filter {
            FileManager.default.fileExists(
                atPath: simulations.appendingPathComponent("\($0)/history.csv").path)
        }.sorted()
    }()

    @Test func `there are stories`() { #expect(Self.stories.count >= 5) }

    @Test(arguments: stories)
    func `a recorded story ends as expected`(name: String) throws {
        let folder = Self.simulations.appendingPathComponent(name)
        let what =
            (try? String(
                contentsOf: folder.appendingPathComponent("options"), encoding: .utf8)) ?? ""
        let options = what.split(whereSeparator: \.isWhitespace).map(String.init)
        let ending = try Program(
            ["simulate", folder.path] + options, in: FileManager.default.temporaryDirectory
        ).wait()
        #expect(ending.status == 0, "\(ending.text)")
        let told = ending.output.split(separator: "\n").dropFirst().joined(separator: "\n") + "\n"
        let expected = try String(
            contentsOf: folder.appendingPathComponent("expected.log"), encoding: .utf8)
        #expect(told == expected, "\(name) now says:\n\(told)")
    }

    /// The same player as the tests of the executor have, line by line.
    @Test(arguments: ["quiet-drain", "cold-move", "originals-wait-for-the-disk"])
    func `a story of faults is told as expected`(name: String) throws {
        let folder = Self.simulations.appendingPathComponent(name)
        let ending = try Program(
            ["simulate", folder.path], in: FileManager.default.temporaryDirectory
        ).wait()
        #expect(ending.status == 0, "\(ending.text)")
        let told = ending.output.split(separator: "\n").dropFirst().joined(separator: "\n") + "\n"
        let expected = try String(
            contentsOf: folder.appendingPathComponent("expected.log"), encoding: .utf8)
        #expect(told == expected, "\(name) now says:\n\(told)")
        let changed = try Program(
            ["simulate", folder.path, "--grow", "5"], in: FileManager.default.temporaryDirectory
        ).wait()
        #expect(changed.status == 64 && changed.text.contains("faults.yaml"))
    }
}
