package import ClusterModel

/// Turns the raw samples of one hour, in order of time, into the rows of all tiers.
///
/// Everything is computed from raw samples: a percentile of percentiles would be no percentile.
/// Memory: 18 bytes for each sample of a domain.
package struct RollUp: Sendable {
    private let hour: Timestamp
    private let rules: RateRules
    private var hosts: [HostName: Track<RawHostSample>] = [:]
    private var domains: [DomainKey: Track<RawDomainSample>] = [:]
    private var rows: [TierRow] = []

    private struct DomainKey: Hashable {
        var domain: DomainID
        var host: HostName
    }

    /// The hour that begins at this moment.
    package init(hour: Timestamp, rules: RateRules) {
        precondition(Tier.hour.start(of: hour.advanced(byMilliseconds: 1)) == hour, "\(hour)")
        self.hour = hour
        self.rules = rules
    }

    /// Where reading must begin so that the first rate of the hour has its first sample.
    package var readingStart: Timestamp {
        hour.advanced(byMilliseconds: -rules.longestInterval)
    }
    package var end: Timestamp { hour.advanced(byMilliseconds: Tier.hour.milliseconds) }

    package mutating func add(_ sample: RawHostSample) {
        let counts = sample.at > hour && sample.at <= end
        // Taken out while it is changed: the values of an hour must not be copied.
        var host = hosts.removeValue(forKey: sample.host) ?? Track(width: HostMetric.allCases.count)
        let values = Self.values(of: sample, after: host.last?.sample, under: rules)
        host.add(
            sample, at: sample.at, values: counts ? values : nil, object: .host(sample.host),
            to: &rows)
        hosts[sample.host] = host
        for domain in sample.domains { add(domain, of: sample, counts: counts) }
    }

    private mutating func add(_ domain: RawDomainSample, of sample: RawHostSample, counts: Bool) {
        let key = DomainKey(domain: domain.id, host: sample.host)
        var track = domains.removeValue(forKey: key) ?? Track(width: DomainMetric.allCases.count)
        let interval = track.last.map { rules.judge(from: $0.at, to: sample.at) }
        let values = Self.values(of: domain, after: track.last?.sample, over: interval)
        track.add(
            domain, at: sample.at, values: counts ? values : nil,
            object: .domain(domain.id, on: sample.host), to: &rows)
        domains[key] = track
    }

    /// The rows that are finished so far, which are then forgotten.
    package mutating func takeRows() -> [TierRow] {
        defer { rows.removeAll(keepingCapacity: true) }
        return rows
    }

    /// What is left when the hour has been read, in no particular order.
    package consuming func finish() -> [TierRow] {
        var rows = rows
        for (name, track) in hosts {
            var track = track
            track.close(object: .host(name), into: &rows)
        }
        for (key, track) in domains {
            var track = track
            track.close(object: .domain(key.domain, on: key.host), into: &rows)
        }
        return rows
    }

    private static func values(
        of sample: RawHostSample, after earlier: RawHostSample?, under rules: RateRules
    ) -> [Int64?] {
        var busy: Int64?
        if let earlier, let before = earlier.cpu, let cpu = sample.cpu {
            let interval = rules.judge(from: earlier.at, to: sample.at)
            busy = HostCPURate(from: before, to: cpu, over: interval).permille
        }
        return [busy, sample.memory.map { ($0.total - $0.available).count }]
    }

    private static func values(
        of sample: RawDomainSample, after earlier: RawDomainSample?, over interval: SampleInterval?
    ) -> [Int64?] {
        var rates: DomainRates?
        if let earlier, let interval {
            rates = DomainRates(from: earlier, to: sample, over: interval)
        }
        let memory = sample.rss ?? sample.balloonCurrent
        return [
            rates?.cpu.value, rates?.vcpuWait.value, rates?.vcpuDelay.value, memory?.count,
            rates?.blockRead.value, rates?.blockWritten.value, rates?.networkReceived.value,
            rates?.networkSent.value, sample.dirtyRate?.count,
        ]
    }
}

/// One object on its way through the hour.
private struct Track<Sample: Sendable>: Sendable {
    private let width: Int
    private(set) var last: (sample: Sample, at: Timestamp)?
    private var newest: Timestamp?
    /// All values of the hour, `width` for each sample.
    private var codes: [CompactValue] = []
    /// Of each tier: the index in `codes` at which its present stretch begins.
    private var begins = [Int](repeating: 0, count: Tier.allCases.count)

    init(width: Int) { self.width = width }

    /// Values are nil for a sample before the hour: only what comes after it is measured by it.
    mutating func add(
        _ sample: Sample, at time: Timestamp, values: [Int64?]?, object: TierRow.Object,
        to rows: inout [TierRow]
    ) {
        last = (sample, time)
        guard let values else { return }
        if let newest {
            for (index, tier) in Tier.allCases.enumerated()
            where tier.start(of: time) != tier.start(of: newest) {
                close(tier, at: index, newest: newest, object: object, into: &rows)
            }
        }
        newest = time
        codes += values.map { CompactValue($0) }
    }

    mutating func close(object: TierRow.Object, into rows: inout [TierRow]) {
        guard let newest else { return }
        for (index, tier) in Tier.allCases.enumerated() {
            close(tier, at: index, newest: newest, object: object, into: &rows)
        }
    }

    private mutating func close(
        _ tier: Tier, at index: Int, newest: Timestamp, object: TierRow.Object,
        into rows: inout [TierRow]
    ) {
        let begin = begins[index]
        begins[index] = codes.count
        guard begin < codes.count else { return }
        let summaries = (0..<width).map { column -> Summary? in
            var values = stride(from: begin + column, to: codes.count, by: width)
                .compactMap { codes[$0].value }
            return Summary(of: &values)
        }
        rows.append(
            TierRow(
                tier: tier, start: tier.start(of: newest), object: object,
                samples: (codes.count - begin) / width, values: summaries))
    }
}
