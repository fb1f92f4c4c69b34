import ClusterModel
import Telemetry

/// Samples for tests: as many hosts and domains as wanted, all counters moving.
enum Samples {
    static let start = Timestamp(seconds: 1_700_000_000)

    /// The sample of one host at the `tick`-th period of 10 s. Every domain uses `busy`
    /// thousandths of a CPU.
    static func host(
        _ number: Int, domains: Int, tick: Int, busy: Int64 = 500, jitter: Int64 = 0
    ) -> RawHostSample {
        let tick = Int64(tick)
        var sample = RawHostSample(
            host: HostName("host\(number)"),
            at: start.advanced(byMilliseconds: tick * 10_000 + jitter),
            cpu: HostCPUCounters(
                user: tick * 30_000_000_000, system: tick * 10_000_000_000,
                idle: tick * 120_000_000_000, iowait: 0),
            memory: HostMemoryGauges(
                total: .gibibytes(256), free: .gibibytes(40), buffers: .gibibytes(1),
                cached: .gibibytes(30)),
            cells: [
                CellSample(
                    cell: 0, total: .gibibytes(128), free: .gibibytes(20),
                    cpu: HostCPUCounters(user: tick * 7, system: tick, idle: tick * 9, iowait: 1)),
                CellSample(cell: 1, total: .gibibytes(128), free: nil),
            ],
            ksm: KSMCounters(pagesShared: 1000, pagesSharing: 5000))
        sample.domains = (0..<domains).map { domain(number, $0, tick: tick, busy: busy) }
        return sample
    }

    private static func domain(
        _ host: Int, _ index: Int, tick: Int64, busy: Int64
    ) -> RawDomainSample {
        var digits = String(host * 1000 + index)
        digits = String(repeating: "0", count: 12 - digits.count) + digits
        var domain = RawDomainSample(
            id: DomainID("00000000-0000-4000-8000-\(digits)"), name: "vm \(host)-'\(index)\"",
            state: .running)
        domain.cpuTime = 3_000_000_000_000 + tick * busy * 10_000_000
        domain.vcpus = 4
        domain.vcpuWait = 1_000_000_000 + tick * 1_234_567
        domain.vcpuDelay = 2_000_000_000 + tick * 7_654_321
        domain.balloonCurrent = .gibibytes(8)
        domain.balloonMaximum = .gibibytes(8)
        domain.rss = Bytes(7_123_456_000 + tick * 4096)
        domain.guestAvailable = .gibibytes(7)
        domain.guestUnused = Bytes(3_123_456_000 - tick * 4096)
        domain.swapIn = 0
        domain.swapOut = 0
        domain.blockRead = 5_000_000_000 + tick * 123_456
        domain.blockWritten = 15_000_000_000 + tick * 1_234_560
        domain.networkReceived = 25_000_000_000 + tick * 1_234_560
        domain.networkSent = 35_000_000_000 + tick * 1_234_560
        return domain
    }
}
