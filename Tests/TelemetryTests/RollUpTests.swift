import ClusterModel
import Telemetry
import TestSupport
import Testing

/// Tiers against the raw samples that they are made of.
struct RollUpTests {
    static let hour = Timestamp(seconds: 1_700_002_800)

    /// One host with one domain, a sample every 10 s; `load` gives thousandths of a CPU by tick.
    private static func samples(
        from first: Int, to last: Int, load: (Int) -> Int64
    ) -> [RawHostSample] {
        var used: Int64 = 0
        return (first...last).map { tick in
            if tick > first { used += load(tick) * 10_000_000 }
            var sample = RawHostSample(
                host: "host1", at: hour.advanced(byMilliseconds: Int64(tick) * 10_000))
            var domain = RawDomainSample(id: "u", name: "web", state: .running)
            domain.cpuTime = used
            domain.vcpus = 8
            domain.rss = Bytes(Int64(tick + 1000) * 1_000_000)
            sample.domains = [domain]
            return sample
        }
    }

    private static func rolled(_ samples: [RawHostSample]) -> [TierRow] {
        var rollUp = RollUp(hour: hour, rules: RateRules())
        var rows: [TierRow] = []
        for sample in samples {
            rollUp.add(sample)
            rows += rollUp.takeRows()
        }
        return rows + rollUp.finish()
    }

    private static func cpu(_ rows: [TierRow], _ tier: Tier) -> [(Timestamp, Summary)] {
        rows.filter { $0.tier == tier && $0.object == .domain("u", on: "host1") }
            .compactMap { row in row.values[0].map { (row.start, $0) } }
            .sorted { $0.0 < $1.0 }
    }

    @Test func everyTierIsMadeOfRawSamples() {
        var generator = SeededGenerator(seed: 7)
        let loads = (0...360).map { _ in Int64.random(in: 0...6000, using: &generator) }
        let rows = Self.rolled(Self.samples(from: 0, to: 360) { loads[$0] })
        #expect(Self.cpu(rows, .minute).count == 60)
        #expect(Self.cpu(rows, .fiveMinutes).count == 12)
        for tier in Tier.allCases {
            let length = Int(tier.milliseconds / 10_000)
            for (number, (start, summary)) in Self.cpu(rows, tier).enumerated() {
                #expect(
                    start == Self.hour.advanced(byMilliseconds: Int64(number) * tier.milliseconds))
                // The rate up to the end of a stretch belongs to it, that up to its start does not.
                let values = loads[(number * length + 1)...((number + 1) * length)].sorted()
                let p95 = values[(values.count * 95 + 99) / 100 - 1]
                #expect(Self.isClose(summary.max, values.last ?? 0), "\(tier) \(number)")
                #expect(Self.isClose(summary.p95, p95), "\(tier) \(number)")
                #expect(
                    Self.isClose(summary.mean, values.reduce(0, +) / Int64(values.count)),
                    "\(tier) \(number)")
            }
        }
    }

    private static func isClose(_ kept: Int64, _ exact: Int64) -> Bool {
        abs(kept - exact) <= 1 + exact / 1000
    }

    @Test func aGapLeavesNoRow() {
        let before = Self.samples(from: 1, to: 60) { _ in 500 }
        let after = Self.samples(from: 180, to: 360) { _ in 500 }
        let rows = Self.rolled(before + after)
        let minutes = Self.cpu(rows, .minute).map(\.0)
        #expect(!minutes.contains(Self.hour.advanced(byMilliseconds: 20 * 60_000)))
        #expect(Self.cpu(rows, .hour).first?.1 == Summary(mean: 500, p95: 500, max: 500))
        let hour = rows.first { $0.tier == .hour && $0.object == .domain("u", on: "host1") }
        #expect(hour?.samples == 60 + 181)
    }

    @Test func bytesOfAnySizeAreKeptToOneThousandth() {
        for exponent in 0..<62 {
            for offset in [Int64(-1), 0, 1, 12_345] {
                let bytes = (Int64(1) << Int64(exponent)) + offset
                guard bytes >= 0 else { continue }
                var sample = RawHostSample(host: "h", at: Self.hour.advanced(byMilliseconds: 10))
                var domain = RawDomainSample(id: "u", name: "n", state: .running)
                domain.rss = Bytes(bytes)
                sample.domains = [domain]
                let row = Self.rolled([sample]).first { $0.values.count > 3 && $0.tier == .hour }
                let kept = row?.values[3]?.mean ?? -1
                #expect(Double(abs(kept - bytes)) <= Double(bytes) / 1000, "\(bytes) \(kept)")
            }
        }
    }
}
