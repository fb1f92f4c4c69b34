import ClusterModel
import Foundation
import Telemetry
import Testing

/// What `status` shows of the newest samples.
struct LiveFiguresTests {
    private let start = Timestamp(seconds: 1_000_000)

    private func sample(
        _ host: HostName, second: Int64, domain: RawDomainSample? = nil, cells: [CellSample] = []
    ) -> RawHostSample {
        RawHostSample(
            host: host, at: start.advanced(byMilliseconds: second * 1000),
            cpu: HostCPUCounters(
                user: second * 500_000_000, system: second * 100_000_000,
                idle: second * 300_000_000, iowait: second * 100_000_000),
            memory: HostMemoryGauges(
                total: .gibibytes(64), free: .gibibytes(8), buffers: .gibibytes(1),
                cached: .gibibytes(16)),
            cells: cells, ksm: KSMCounters(pagesShared: 10, pagesSharing: 5000),
            domains: domain.map { [$0] } ?? [])
    }

    private func domain(second: Int64) -> RawDomainSample {
        var domain = RawDomainSample(id: "u", name: "web", state: .running)
        (domain.cpuTime, domain.vcpus) = (second * 700_000_000, 2)
        domain.vcpuDelay = second * 200_000_000
        domain.blockRead = second * 1000
        domain.guestAvailable = .gibibytes(4)
        domain.guestUnused = .gibibytes(1)
        return domain
    }

    @Test func figuresAreThoseOfTheNewestTwoSamples() throws {
        let samples = [0, 10, 20].map { sample("h", second: $0, domain: domain(second: $0)) }
        let live = LiveFigures(of: samples, rules: RateRules())
        let host = try #require(live.hosts["h"])
        #expect(host.busy == 600 && host.user == 500 && host.system == 100 && host.iowait == 100)
        #expect(host.memoryAvailable == .gibibytes(25) && host.pageCache == .gibibytes(16))
        #expect(host.ksmPagesSharing == 5000)
        let web = try #require(live.domains["u"])
        #expect(web.cpu == 700 && web.vcpuDelay == 200 && web.blockRead == 1000)
        #expect(web.guestUsed == .gibibytes(3) && web.networkSent == nil)
    }

    @Test func oneSampleOrAGapIsNoRate() {
        let one = LiveFigures(of: [sample("h", second: 0)], rules: RateRules())
        #expect(one.hosts["h"]?.busy == nil && one.hosts["h"]?.memoryAvailable != nil)
        let gap = LiveFigures(
            of: [0, 4000].map { sample("h", second: $0, domain: domain(second: $0)) },
            rules: RateRules())
        #expect(gap.hosts["h"]?.busy == nil && gap.domains.isEmpty)
    }

    @Test func cellsThatAreReadOnceAMinuteHaveTheirLoad() {
        let samples = (0...8).map { tick -> RawHostSample in
            let second = Int64(tick) * 10
            let isRead = second % 60 == 0
            let cells = (0...1).map { cell in
                CellSample(
                    cell: cell,
                    cpu: isRead
                        ? HostCPUCounters(
                            user: second * (cell == 0 ? 900_000_000 : 100_000_000), system: 0,
                            idle: second * (cell == 0 ? 100_000_000 : 900_000_000), iowait: 0)
                        : nil)
            }
            return sample("h", second: second, cells: cells)
        }
        #expect(
            LiveFigures(of: samples, rules: RateRules()).hosts["h"]?.cellBusy == [0: 900, 1: 100])
    }

    @Test func namesAreKeysInJSON() throws {
        let live = LiveFigures(
            of: [0, 10].map { sample("h", second: $0, domain: domain(second: $0)) },
            rules: RateRules())
        let data = try JSONEncoder().encode(live)
        let object = try #require(
            JSONSerialization.jsonObject(with: data) as? [String: [String: Any]])
        #expect(object["hosts"]?["h"] is [String: Any])
        #expect((object["domains"]?["u"] as? [String: Any])?["cpu"] as? Int == 700)
    }
}
