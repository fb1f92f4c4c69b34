import ClusterModel
import Foundation
import Telemetry
import Testing

@testable import History

/// What an import makes of values, without a command around it.
struct ImporterTests {
    @Test func `a counter that outgrows its number starts again`() async throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "kvmbalance-import-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        var importer = try HistoryImporter(
            folder: folder.path,
            shape: .init(
                hosts: 1, cpus: 8192, memory: .gibibytes(1), periodMilliseconds: 600_000))
        let guest = HistoryImporter.Guest(name: "large", vcpus: 8192)
        for period in 1...Int64(4000) {
            try await importer.add(
                guest, at: Timestamp(milliseconds: period * 600_000), use: 8_000_000)
        }
        let summary = try await importer.finish()
        #expect(summary.domains == 1 && summary.hosts == 1)
    }

    @Test func `the size of a process is that of the newest sample that tells it`() {
        var summary = HistorySummary()
        for (second, size) in [(Int64(1), Int64(300)), (2, 200), (3, -1)] {
            var sample = RawHostSample(host: "h", at: Timestamp(seconds: second))
            var domain = RawDomainSample(id: "a", name: "a", state: .running)
            domain.rss = size < 0 ? nil : .mebibytes(size)
            sample.domains = [domain]
            summary.add(sample)
            if second == 1 { #expect(summary.domains["a"]?.resident == .mebibytes(300)) }
        }
        #expect(summary.domains["a"]?.resident == .mebibytes(200))
    }
}
