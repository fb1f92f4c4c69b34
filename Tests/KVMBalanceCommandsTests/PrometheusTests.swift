import Foundation
import Testing

/// An import from Debian's Prometheus, which the test fetches, fills and starts itself.
@Suite(.serialized)
struct PrometheusTests {
    private static let tests = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent()

    private func shell(_ script: String) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", script]
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// An hour of two domains as the libvirt exporter names them: one at a quarter of a CPU, one
    /// that doubles its use half-way.
    private static func metrics(from start: Int64) -> String {
        var text = ""
        func family(_ name: String, _ type: String, _ line: (Int64, Int) -> String?) {
            text += "# TYPE \(name) \(type)\n"
            for domain in 0...1 {
                for minute in 0...60 as ClosedRange<Int64> {
                    if let line = line(minute, domain) {
                        text += "\(line) \(start + minute * 60)\n"
                    }
                }
            }
        }
        let host = ["alpha:9177", "beta:9177"]
        family("libvirt_domain_info_cpu_time_seconds", "counter") { minute, domain in
            let seconds =
                domain == 0
                ? Double(minute) * 15
                : Double(min(minute, 30)) * 60 + Double(max(0, minute - 30)) * 120
            return "libvirt_domain_info_cpu_time_seconds_total{domain=\"d\(domain)\","
                + "instance=\"\(host[domain])\"} \(1000 + seconds)"
        }
        family("libvirt_domain_info_virtual_cpus", "gauge") { _, domain in
            "libvirt_domain_info_virtual_cpus{domain=\"d\(domain)\",instance=\"\(host[domain])\"} 4"
        }
        family("libvirt_domain_info_maximum_memory_bytes", "gauge") { _, domain in
            "libvirt_domain_info_maximum_memory_bytes{domain=\"d\(domain)\","
                + "instance=\"\(host[domain])\"} 2147483648"
        }
        family("libvirt_domain_info_meta", "gauge") { _, domain in
            "libvirt_domain_info_meta{domain=\"d\(domain)\",instance=\"\(host[domain])\","
                + "uuid=\"0000-000\(domain)\"} 1"
        }
        return text + "# EOF\n"
    }

    @Test func `an hour of the libvirt exporter comes in as it was`() throws {
        let scratch = try HistoryTests.Scratch()
        let cache = Self.tests.deletingLastPathComponent()
            .appendingPathComponent(".build/prometheus").path
        let fetch = Self.tests.appendingPathComponent("Prometheus/fetch").path
        try #require(try shell("'\(fetch)' '\(cache)'") == 0, "Debian's prometheus cannot be had")
        let now = Int64(Date().timeIntervalSince1970)
        let start = (now - 3 * 3600) / 3600 * 3600
        try scratch.write(Self.metrics(from: start), to: "metrics.txt")
        let data = scratch.path("data")
        try #require(
            try shell(
                "'\(cache)/usr/bin/promtool' tsdb create-blocks-from openmetrics "
                    + "'\(scratch.path("metrics.txt"))' '\(data)' >/dev/null") == 0)
        try scratch.write("global: {}\n", to: "prometheus.yml")
        let port = Int.random(in: 20_000..<30_000)
        let server = Process()
        server.executableURL = URL(fileURLWithPath: "\(cache)/usr/bin/prometheus")
        server.arguments = [
            "--config.file=\(scratch.path("prometheus.yml"))", "--storage.tsdb.path=\(data)",
            "--web.listen-address=127.0.0.1:\(port)", "--log.level=error",
        ]
        server.standardError = FileHandle.nullDevice
        try server.run()
        defer {
            server.terminate()
            server.waitUntilExit()
        }
        let ready = "curl -sf http://127.0.0.1:\(port)/-/ready >/dev/null"
        try #require(
            try shell("for i in $(seq 120); do \(ready) && exit 0; sleep 0.5; done; exit 1") == 0)
        let times = [start, start + 3600].map {
            ISO8601DateFormatter().string(from: Date(timeIntervalSince1970: Double($0)))
        }
        try scratch.must(
            0, "import", "prometheus", "http://127.0.0.1:\(port)", "--since", times[0], "--until",
            times[1], "--period", "1m", "--into", scratch.path("fleet"))
        try scratch.must(
            0, "record", scratch.path("case"), "--config", scratch.path("fleet/kvmbalance.yaml"),
            "--since", times[0], "--until", times[1])
        let lines = try String(contentsOfFile: scratch.path("case/history.csv"), encoding: .utf8)
            .split(separator: "\n").map { $0.split(separator: ",").map(String.init) }
        #expect(lines[0] == ["time", "0000-0000", "0000-0001"])
        #expect(lines.count == 60 || lines.count == 61, "\(lines.count)")
        for (minute, line) in lines.dropFirst().enumerated() {
            #expect(line[1] == "250", "\(line)")
            #expect(
                line[2] == (minute < lines.count / 2 - 1 ? "1000" : "2000")
                    || (28...31).contains(minute))
        }
        let cluster = try String(contentsOfFile: scratch.path("case/cluster.json"), encoding: .utf8)
        #expect(cluster.contains("\"alpha\"") && cluster.contains("\"beta\""))
        try scratch.must(
            1, "import", "prometheus", "http://127.0.0.1:1", "--into", scratch.path("nobody"))
    }
}
