package import ClusterModel
package import Operations
import Persistence
package import PlacementPolicy
package import Replay
import Telemetry

/// Makes a replay's world of what was recorded: hosts and domains as they were last seen, placed
/// where they were at the start, with their use in intervals of equal length.
package struct HistoryReader {
    private let fleet: Fleet
    private let stores: Stores
    /// nil chooses: the collector's period if that fits, else longer.
    package var step: Int64?

    package init(_ fleet: Fleet, _ stores: Stores) {
        self.fleet = fleet
        self.stores = stores
    }

    package func world(from start: Timestamp, to end: Timestamp) async throws -> ReplayWorld {
        let store = try stores.metrics()
        var summary = HistorySummary()
        // The store gives what is after a moment; a sample of the first moment itself belongs here.
        let before = start.advanced(byMilliseconds: -1)
        try store.forEachSample(from: before, to: end) { summary.add($0) }
        guard let first = summary.first, let last = summary.last, last > first else {
            throw CommandError(
                "the metrics database has no samples between \(start) and \(end): run 'kvmbalance "
                    + "collect', or give another --since", exit: .failed)
        }
        let period = summary.period
        let step = try self.step ?? chosen(period, first, last, summary.order.count)
        let length = last.millisecondsSince(first)
        guard length > step else {
            throw CommandError(
                "the samples between \(start) and \(end) span \(length / 1000) s, which is one "
                    + "interval: collect for at least two minutes", exit: .failed)
        }
        var track = HistoryTrack(
            summary: summary, start: first, end: last, step: step,
            rules: RateRules(periodMilliseconds: period))
        try store.forEachSample(from: before, to: end) { track.add($0) }
        let base = try await base(of: summary, from: first, to: end, store)
        return ReplayWorld(base: base, history: track.history(of: summary))
    }

    private func chosen(
        _ period: Int64, _ first: Timestamp, _ last: Timestamp, _ domains: Int
    ) throws -> Int64 {
        let length = last.millisecondsSince(first)
        for step in [60_000, 300_000, 900_000, 3_600_000] as [Int64]
        where step >= period
            && length / step * Int64(max(1, domains)) <= Int64(HistoryFolder.mostValues) / 8
        {
            return step
        }
        throw CommandError(
            "\(domains) domains over \(length / 86_400_000) days are too much: give a later --since"
        )
    }

    /// With what migrations are estimated by: as it was measured last, and what the journal taught.
    private func base(
        of summary: HistorySummary, from time: Timestamp, to end: Timestamp, _ store: MetricsStore
    ) async throws -> ClusterSnapshot {
        let dirtyRates = try await store.dirtyRates(
            after: time.advanced(byMilliseconds: -FleetObserver.dirtyingGoodForMilliseconds),
            to: end)
        var facts: [HostName: HostObservation] = [:]
        var known: [DomainID: DomainFacts] = [:]
        for observation in try await store.observations() {
            facts[observation.host] = observation
            for domain in observation.domains { known[domain.id] = domain }
        }
        let hosts = fleet.hosts.map { host in
            Host(
                name: host.name, zone: host.zone, migrationAddress: host.migrationAddress,
                linkMbps: host.isLinkAssumed
                    ? facts[host.name]?.facts.linkMbps ?? host.linkMbps : host.linkMbps,
                reserve: host.reserve,
                fault: facts[host.name] == nil ? "it was never read" : nil,
                facts: facts[host.name]?.facts, observedAt: facts[host.name]?.at)
        }
        guard hosts.contains(where: \.isReachable) else {
            throw CommandError(
                "no host of the fleet file has been read yet: run 'kvmbalance collect --once'",
                exit: .failed)
        }
        let names = Set(hosts.map(\.name))
        let domains = summary.order.compactMap { id -> Domain? in
            guard let seen = summary.domains[id], names.contains(seen.host) else { return nil }
            var facts =
                known[id]
                ?? ClusterYAML.domain(
                    seen.name, id: id, on: seen.host,
                    vcpus: min(max(1, seen.vcpus ?? 1), RateRules.mostVCPUs),
                    memory: Plausible.believed(seen.memory) ?? .gibibytes(1)
                ).facts
            facts.state = .running
            var domain = Domain(
                facts: facts, host: seen.host, demand: .unknown,
                dirtyRate: Plausible.believed(seen.dirtyRate))
            domain.dirtyRates = dirtyRates[id].flatMap { Plausible.believed($0.dirtyRates) }
            domain.resident = Plausible.believed(seen.resident)
            return domain
        }
        var base = ClusterSnapshot(observedAt: time, hosts: hosts, domains: domains)
        base.calibration = try await TransferLearning(journal: stores.journal())
            .calibration()
        return base
    }
}

/// A first pass over samples: who is there, where first, and how far apart samples are.
struct HistorySummary {
    struct Seen {
        var name: String
        var host: HostName
        var vcpus: Int?
        var memory: Bytes?
        var dirtyRate: Bytes?
        var resident: Bytes?
    }

    private(set) var domains: [DomainID: Seen] = [:]
    private(set) var order: [DomainID] = []
    private(set) var first: Timestamp?
    private(set) var last: Timestamp?
    private var lastOfHost: [HostName: Timestamp] = [:]
    private var gaps: [Int64: Int] = [:]

    mutating func add(_ sample: RawHostSample) {
        first = first ?? sample.at
        last = max(last ?? sample.at, sample.at)
        if let before = lastOfHost[sample.host] {
            let gap = sample.at.millisecondsSince(before) / 1000
            if gap > 0, gap < 86_400 { gaps[gap, default: 0] += 1 }
        }
        lastOfHost[sample.host] = sample.at
        for domain in sample.domains {
            if domains[domain.id] == nil { order.append(domain.id) }
            var seen = domains[domain.id] ?? Seen(name: domain.name, host: sample.host)
            seen.vcpus = domain.vcpus ?? seen.vcpus
            seen.memory = domain.balloonMaximum ?? seen.memory
            seen.dirtyRate = domain.dirtyRate ?? seen.dirtyRate
            seen.resident = domain.rss ?? seen.resident
            domains[domain.id] = seen
        }
    }

    /// The median of what lies between two samples of a host.
    var period: Int64 {
        let total = gaps.values.reduce(0, +)
        var seen = 0
        for gap in gaps.keys.sorted() {
            seen += gaps[gap] ?? 0
            if seen * 2 >= total { return max(1, gap) * 1000 }
        }
        return 10_000
    }
}

/// The second pass: rates, laid into intervals. While a domain migrates both ends report it; each
/// end's counter is its own.
struct HistoryTrack {
    private struct Last {
        var at: Timestamp
        var cpu: Int64?
        var vcpus: Int?
    }

    private let start: Timestamp
    private let step: Int64
    private let intervals: Int
    private let rules: RateRules
    private let number: [DomainID: Int]
    private var last: [DomainID: [HostName: Last]] = [:]
    /// CPU time in thousandths of a CPU times milliseconds, and how long was measured.
    private var sum: [Int64]
    private var measured: [Int32]

    init(
        summary: HistorySummary, start: Timestamp, end: Timestamp, step: Int64, rules: RateRules
    ) {
        self.start = start
        self.step = step
        self.rules = rules
        intervals = Int((end.millisecondsSince(start) + step - 1) / step)
        number = Dictionary(
            summary.order.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        sum = Array(repeating: 0, count: summary.order.count * intervals)
        measured = Array(repeating: 0, count: sum.count)
    }

    mutating func add(_ sample: RawHostSample) {
        for domain in sample.domains {
            let now = Last(at: sample.at, cpu: domain.cpuTime, vcpus: domain.vcpus)
            let before = last[domain.id]?[sample.host]
            last[domain.id, default: [:]][sample.host] = now
            guard let before, let number = number[domain.id] else { continue }
            let rate = CounterRate.cpu(
                from: before.cpu, to: now.cpu, over: rules.judge(from: before.at, to: now.at),
                limit: (now.vcpus ?? before.vcpus).map(RateRules.plausibleCPU))
            guard let value = rate.value else { continue }
            spread(value, from: before.at, to: now.at, number)
        }
    }

    /// A rate counts in each interval for as long as it lies there.
    private mutating func spread(
        _ value: Int64, from begin: Timestamp, to end: Timestamp, _ number: Int
    ) {
        var at = begin.millisecondsSince(start)
        let stop = end.millisecondsSince(start)
        while at < stop {
            let interval = Int(at / step)
            guard at >= 0, interval < intervals else { return }
            let next = min(stop, Int64(interval + 1) * step)
            let place = number * intervals + interval
            sum[place] += value * (next - at)
            measured[place] += Int32(next - at)
            at = next
        }
    }

    func history(of summary: HistorySummary) -> DemandHistory {
        DemandHistory(
            start: start, intervalMilliseconds: step, intervals: intervals, domains: summary.order,
            cpu: zip(sum, measured).map { sum, measured in
                measured == 0
                    ? DemandHistory.missing : Int32(clamping: sum / Int64(measured))
            })
    }
}
