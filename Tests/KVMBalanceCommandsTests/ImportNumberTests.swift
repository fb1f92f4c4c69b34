import ClusterModel
import Foundation
import Persistence
import PlacementPolicy
import TestSupport
import Testing

/// Others' names and numbers in an import: they neither end the process nor write its files.
@Suite(.serialized) struct ImportNumberTests {
    private static let start: Int64 = 1_700_006_400

    /// One series as Prometheus writes it.
    private static func series(_ labels: String, _ values: [(String, String)]) -> String {
        let pairs = values.map { "[\($0),\"\($1)\"]" }.joined(separator: ",")
        return "{\"metric\":{\(labels)},\"values\":[\(pairs)]}"
    }

    private static func counters(_ minutes: ClosedRange<Int64>) -> [(String, String)] {
        minutes.map { ("\(start + $0 * 60)", "\($0 * 15)") }
    }

    private func imported(
        _ scratch: HistoryTests.Scratch, _ status: Int32, cpu: [String],
        vcpus: [String] = [], memory: [String] = [], meta: [String] = []
    ) throws -> Ending {
        let server = try WebServer { request in
            let query = request.prefix { $0 != "\r" }.removingPercentEncoding ?? ""
            let found =
                query.contains("cpu_time")
                ? cpu
                : query.contains("virtual_cpus") ? vcpus : query.contains("memory") ? memory : meta
            return .ok(
                "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":["
                    + found.joined(separator: ",") + "]}}")
        }
        return try scratch.must(
            status, "import", "prometheus", server.address(), "--since",
            "\(Timestamp(seconds: Self.start))", "--until",
            "\(Timestamp(seconds: Self.start + 3600))", "--period", "1m", "--into",
            scratch.path("fleet"))
    }

    @Test(arguments: [("1e300", "5"), ("1700006400", "1e300"), ("1700006400", "-5"), ("-5", "5")])
    func `a time or a counter that cannot be is told`(_ value: (String, String)) throws {
        let ending = try imported(
            try HistoryTests.Scratch(), 1,
            cpu: [Self.series("\"domain\":\"d1\",\"instance\":\"alpha:9177\"", [value])])
        #expect(ending.errors.contains("d1") && ending.errors.contains("is impossible"))
    }

    @Test func `no limit of memory, and CPUs without end, are not known`() throws {
        let scratch = try HistoryTests.Scratch()
        let labels = "\"domain\":\"d1\",\"instance\":\"alpha:9177\""
        _ = try imported(
            scratch, 0, cpu: [Self.series(labels, Self.counters(0...60))],
            vcpus: [Self.series(labels, [("\(Self.start)", "1e19")])],
            memory: [Self.series(labels, [("\(Self.start)", "9223372036854775808")])])
        let domain = try #require(try recorded(scratch).domains.first)
        #expect(domain.facts.vcpus == 1 && domain.facts.memory == .gibibytes(1))
    }

    @Test func `CPUs without end alone are not known, and the rest is taken`() throws {
        let scratch = try HistoryTests.Scratch()
        let labels = "\"domain\":\"d1\",\"instance\":\"alpha:9177\""
        _ = try imported(
            scratch, 0, cpu: [Self.series(labels, Self.counters(0...60))],
            vcpus: [Self.series(labels, [("\(Self.start)", "1e19")])],
            memory: [Self.series(labels, [("\(Self.start)", "2147483648")])])
        let domain = try #require(try recorded(scratch).domains.first)
        #expect(domain.facts.vcpus == 1 && domain.facts.memory == .gibibytes(2))
    }

    /// A server that is none, or that was led to another's answer.
    @Test func `an answer without end is neither kept nor read again and again`() throws {
        let endless = String(repeating: " ", count: 64 << 20)
        let told = "answers with more than 64 MiB for one moment: is it the right server?"
        let labels = "\"domain\":\"d1\",\"instance\":\"alpha:9177\""
        let first = try imported(try HistoryTests.Scratch(), 1, cpu: [], vcpus: [endless])
        #expect(first.errors.contains(told))
        let later = try imported(
            try HistoryTests.Scratch(), 1, cpu: [endless],
            vcpus: [Self.series(labels, [("\(Self.start)", "4")])])
        #expect(later.errors.contains(told))
    }

    private func recorded(_ scratch: HistoryTests.Scratch) throws -> ClusterSnapshot {
        try scratch.must(
            0, "record", scratch.path("case"), "--config", scratch.path("fleet/kvmbalance.yaml"),
            "--since", "2023-11-14", "--until", "2023-11-16")
        return try JSONDecoder().decode(
            ClusterSnapshot.self,
            from: Data(contentsOf: URL(fileURLWithPath: scratch.path("case/cluster.json"))))
    }

    @Test func `a domain that moved is one, and comes in order of time`() throws {
        let scratch = try HistoryTests.Scratch()
        // By their labels, as a server sorts them: the host it went to comes first.
        let ending = try imported(
            scratch, 0,
            cpu: [
                Self.series(
                    "\"domain\":\"d1\",\"instance\":\"alpha:9177\"", Self.counters(31...60)),
                Self.series("\"domain\":\"d1\",\"instance\":\"zeta:9177\"", Self.counters(0...30)),
            ],
            meta: [
                Self.series(
                    "\"domain\":\"d1\",\"instance\":\"alpha:9177\",\"uuid\":\"0000-1\"",
                    [("\(Self.start)", "1")])
            ])
        #expect(ending.output.contains("1 domain on 2 hosts"), "\(ending.output)")
        let world = try recorded(scratch)
        #expect(world.domains.map(\.host) == ["zeta"])
        let history = try String(contentsOfFile: scratch.path("case/history.csv"), encoding: .utf8)
        let values = history.split(separator: "\n").dropFirst().map {
            $0.split(separator: ",").last
        }
        // But for the minute in which it moved.
        #expect(values.filter { $0 == "250" }.count >= 58, "\(history)")
    }

    @Test func `two hosts may have a domain of one name each`() throws {
        let scratch = try HistoryTests.Scratch()
        let labels = ["alpha", "beta"].map { "\"domain\":\"gw\",\"instance\":\"\($0):9177\"" }
        let ending = try imported(
            scratch, 0, cpu: labels.map { Self.series($0, Self.counters(0...60)) },
            meta: labels.enumerated().map {
                Self.series("\($1),\"uuid\":\"0000-\($0)\"", [("\(Self.start)", "1")])
            })
        #expect(ending.output.contains("2 domains on 2 hosts"), "\(ending.output)")
        #expect(try recorded(scratch).domains.map(\.host) == ["alpha", "beta"])
    }

    @Test func `without UUIDs they are two as well`() throws {
        let scratch = try HistoryTests.Scratch()
        let ending = try imported(
            scratch, 0,
            cpu: ["alpha", "beta"].map {
                Self.series(
                    "\"domain\":\"gw\",\"instance\":\"\($0):9177\"", Self.counters(0...60))
            })
        #expect(ending.output.contains("2 domains on 2 hosts"), "\(ending.output)")
        #expect(try recorded(scratch).domains.map(\.host) == ["alpha", "beta"])
    }

    @Test(arguments: [
        "a\u{85}    uri: qemu+ssh://x/system?command=/tmp/evil\u{85}    zone: ", "b\u{2028}c",
        "\"quoted\" \\ # and: more", "null", "1", "größe-漢字", "- x", "*alias", "h\u{1B}[2J\t",
    ])
    func `a host's name stays a name in the fleet file`(_ name: String) throws {
        let scratch = try HistoryTests.Scratch()
        let cell = "\"" + name.replacing("\"", with: "\"\"") + "\""
        try scratch.write(
            "time,domain,cpu,vcpus,host\n1700000000,vm1,50,2,\(cell)\n"
                + "1700000300,vm1,50,2,\(cell)\n", to: "trace.csv")
        try scratch.must(
            0, "import", "csv", scratch.path("trace.csv"), "--host", "host", "--into",
            scratch.path("fleet"))
        let text = try String(
            contentsOfFile: scratch.path("fleet/kvmbalance.yaml"), encoding: .utf8)
        let fleet = try FleetReader.read(text)
        #expect(fleet.hosts.map(\.name.rawValue) == [name], "\(text)")
        #expect(fleet.hosts.map(\.uri) == ["recorded://\(name)"])
        #expect(text.split(whereSeparator: \.isNewline).count == 5, "\(text)")
    }

    @Test func `dates that are none, and hosts without a name, are told with their line`() throws {
        let scratch = try HistoryTests.Scratch()
        for (number, (line, says)) in [
            ("9999-12-31T23:59:59Z,a,5,2,h", "a date from 1970 to 2099"),
            ("0000-01-01T00:00:00Z,a,5,2,h", "a date from 1970 to 2099"),
            ("1700000000,a,5,2,\"\"", "its host has no name"),
            ("1700000000,\"a\rb\",5,2,h", "a name has a line end"),
            ("1700000000,a,5,2,\"h\rx\"", "a name has a line end"),
            (
                "1700000000,\(String(repeating: "n", count: 1025)),5,2,h",
                "a name has more than 1024 bytes"
            ),
        ].enumerated() {
            try scratch.write("time,domain,cpu,vcpus,host\n\(line)\n", to: "t\(number).csv")
            let ending = try scratch.must(
                64, "import", "csv", scratch.path("t\(number).csv"), "--host", "host", "--into",
                scratch.path("i\(number)"))
            #expect(
                ending.errors.contains("line 2") && ending.errors.contains(says), "\(ending.text)")
        }
    }
}
