import ClusterModel
import Foundation
import Persistence
import Telemetry
import Testing

/// Figures and no judgement, for those who ask: `KVMBALANCE_BENCHMARK=1 swift test -c release
/// --filter TickBenchmark`.
struct TickBenchmark {
    @Test(.enabled(if: ProcessInfo.processInfo.environment["KVMBALANCE_BENCHMARK"] != nil))
    func ticksOf4000Domains() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let store = try MetricsStore(directory: scratch.path)
        let (hosts, domains, ticks) = (200, 20, 400)
        var storing = Duration.zero
        for tick in 0..<ticks {
            let batch = (1...hosts).map { host in
                SampleOutcome.sample(
                    Samples.host(host, domains: domains, tick: tick, jitter: Int64(host)))
            }
            storing += try await ContinuousClock().measure { try await store.store(batch) }
        }
        let end = Samples.start.advanced(byMilliseconds: Int64(ticks) * 10_000)
        let reading = try await ContinuousClock().measure {
            _ = try await store.load(in: SampleWindow(endingAt: end), rules: RateRules())
        }
        try store.close()
        let size =
            FileManager.default.contents(
                atPath: scratch.file(MetricsStore.fileName))?.count ?? 0
        print(
            "storing a tick: \(storing / ticks), demand of an hour: \(reading), "
                + "bytes a domain-sample: \(size / (hosts * domains * ticks))")
    }
}
