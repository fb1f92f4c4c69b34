import ClusterModel
import GRDB
import Persistence
import Telemetry
import Testing

/// Measured dirty rates in the metrics database.
struct DirtyRateStoreTests {
    private func reading(_ domain: DomainID, _ second: Int64, _ rate: Int64) -> DirtyRatesReading {
        DirtyRatesReading(
            domain: domain, at: Timestamp(seconds: second),
            short: DirtyRates.Window(milliseconds: 1000, rate: .mebibytes(rate)),
            long: DirtyRates.Window(milliseconds: 4000, rate: .mebibytes(rate / 2)))
    }

    @Test func `the newest of each domain comes back, if it is new enough`() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let store = try MetricsStore(directory: scratch.path)
        try await store.store([reading("a", 10, 40), reading("b", 10, 0)])
        try await store.store([reading("a", 20, 8), reading("a", 15, 99)])
        #expect(
            try await store.dirtyRates(after: Timestamp(seconds: 5))
                == ["a": reading("a", 20, 8), "b": reading("b", 10, 0)])
        let until = try await store.dirtyRates(
            after: Timestamp(seconds: 5), to: Timestamp(seconds: 15))
        #expect(until["a"] == reading("a", 15, 99))
        // Not measured lately is not there, which is not zero.
        #expect(try await store.dirtyRates(after: Timestamp(seconds: 10)).keys.sorted() == ["a"])
    }

    @Test func `old ones go with the samples`() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let store = try MetricsStore(directory: scratch.path)
        try await store.store((1...9).map { reading("a", $0, 1) })
        #expect(try await store.deleteSamples(before: Timestamp(seconds: 9)) == 8)
        #expect(try await store.dirtyRates(after: Timestamp(seconds: 0)).count == 1)
    }

    @Test func `a database of the version before gets the table`() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let path = scratch.path + "/" + MetricsStore.fileName
        try MetricsStore(directory: scratch.path).close()
        let queue = try DatabaseQueue(path: path)
        try await queue.write { database in
            try database.execute(
                sql: """
                    DROP TABLE dirtying;
                    DELETE FROM grdb_migrations WHERE identifier = '4 dirty rates';
                    """)
        }
        try queue.close()
        let store = try MetricsStore(directory: scratch.path)
        try await store.store([reading("a", 1, 3)])
        #expect(try await store.dirtyRates(after: Timestamp(seconds: 0)).count == 1)
    }

    @Test func `the size of a domain's process is that of its newest sample`() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let store = try MetricsStore(directory: scratch.path)
        for (second, size) in [(Int64(1), Int64(300)), (2, 200), (3, -1)] {
            var sample = RawHostSample(host: "h", at: Timestamp(seconds: second))
            var domain = RawDomainSample(id: "a", name: "a", state: .running)
            domain.rss = size < 0 ? nil : .mebibytes(size)
            sample.domains = [domain]
            try await store.store([.sample(sample)])
        }
        let sizes = try await store.residentMemory(after: Timestamp(seconds: 0))
        #expect(sizes == ["a": .mebibytes(200)])
        #expect(try await store.residentMemory(after: Timestamp(seconds: 2)).isEmpty)
    }
}
