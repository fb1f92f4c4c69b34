import ClusterModel
import HypervisorInterface
import Logging
import Synchronization
import Testing

@testable import Sampling

/// Measuring how guests rewrite their memory, few at a time.
@Suite(.timeLimit(.minutes(1)))
struct DirtyRateSamplingTests {
    /// Answers with a rate that falls with the length of the window, or not at all.
    final class FakeProbe: DirtyRateProbe {
        let host: HostName
        private let silent: Set<DomainID>
        private let calls = Mutex<[String]>([])

        init(_ host: HostName, silent: Set<DomainID> = []) {
            self.host = host
            self.silent = silent
        }

        var asked: [String] { calls.withLock { $0 } }

        func writeRate(of domain: DomainID, seconds: Int) async throws -> Bytes? {
            calls.withLock { $0.append("\(domain) \(seconds)") }
            return silent.contains(domain) ? nil : .mebibytes(Int64(60 / seconds))
        }
    }

    /// Domains with a host each, and what was measured.
    final class FakeStore: DirtyRateStore {
        let domains: [(domain: DomainID, host: HostName)]
        private let readings = Mutex<[DirtyRatesReading]>([])

        init(_ domains: [(domain: DomainID, host: HostName)]) { self.domains = domains }

        var stored: [DirtyRatesReading] { readings.withLock { $0 } }
        func measurableDomains() async throws -> [(domain: DomainID, host: HostName)] { domains }
        func measurementTimes() async throws -> [DomainID: Timestamp] {
            Dictionary(stored.map { ($0.domain, $0.at) }, uniquingKeysWith: { max($0, $1) })
        }
        func store(_ new: [DirtyRatesReading]) async throws {
            readings.withLock { $0 += new }
        }
    }

    private func survey(
        _ probes: [FakeProbe], _ store: FakeStore, domainsPerTurn: Int = 4, at seconds: Int64 = 0
    ) -> DirtyRateSampling<ContinuousClock> {
        var budget = DirtyRateSampling<ContinuousClock>.Budget()
        budget.domainsPerTurn = domainsPerTurn
        return DirtyRateSampling(
            probes: probes, store: store, budget: budget, clock: ContinuousClock(),
            now: { Timestamp(seconds: 1_000_000 + seconds) },
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    @Test func `a short and a long window are measured, one domain of a host at a time`()
        async throws
    {
        let (one, two) = (FakeProbe("one"), FakeProbe("two"))
        let store = FakeStore([("a", "one"), ("b", "one"), ("c", "two"), ("d", "elsewhere")])
        _ = try await survey([one, two], store).turn()
        #expect(one.asked == ["a 1", "a 4"] && two.asked == ["c 1", "c 4"])
        #expect(store.stored.map(\.domain) == ["a", "c"])
        let dirtyRates = try #require(store.stored.first).dirtyRates
        #expect(dirtyRates.hotSet == .mebibytes(60) && dirtyRates.coldRate == 0)
        _ = try await survey([one, two], store).turn()
        #expect(one.asked.suffix(2) == ["b 1", "b 4"] && two.asked.count == 2)
    }

    @Test func `what was measured lately waits, and the oldest comes first`() async throws {
        let probe = FakeProbe("one")
        let store = FakeStore([("a", "one"), ("b", "one")])
        for turn in Int64(0)..<2 { _ = try await survey([probe], store, at: turn * 30).turn() }
        #expect(try await survey([probe], store, at: 800).turn().isEmpty)
        _ = try await survey([probe], store, at: 1000).turn()
        #expect(store.stored.map(\.domain) == ["a", "b", "a"])
    }

    @Test func `the budget holds over all hosts`() async throws {
        let probes = (0..<9).map { FakeProbe(HostName("host\($0)")) }
        let store = FakeStore((0..<9).map { (DomainID("d\($0)"), HostName("host\($0)")) })
        _ = try await survey(probes, store, domainsPerTurn: 3).turn()
        #expect(store.stored.count == 3)
    }

    @Test func `what cannot be measured is no measurement, and is left alone for a while`()
        async throws
    {
        let probe = FakeProbe("one", silent: ["a"])
        let store = FakeStore([("a", "one"), ("b", "one")])
        let tried = try await survey([probe], store).turn()
        #expect(tried.keys.map(\.rawValue) == ["a"] && store.stored.isEmpty)
        // The long window was not tried for nothing.
        #expect(probe.asked == ["a 1"])
        _ = try await survey([probe], store, at: 30).turn(["a": Timestamp(seconds: 1_000_000)])
        #expect(store.stored.map(\.domain) == ["b"])
        let later = try await survey([probe], store, at: 400)
            .turn(["a": Timestamp(seconds: 1_000_000)])
        #expect(later.keys.map(\.rawValue) == ["a"])
    }
}
