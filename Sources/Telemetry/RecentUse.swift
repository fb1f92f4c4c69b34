package import ClusterModel

/// What domains used on average over a short stretch of time. Gaps are left out, and so is what
/// lies before a restart: the mean is that of what was measured.
package struct RecentUse: Hashable, Sendable {
    package let start: Timestamp
    package let end: Timestamp
    private var used: [DomainID: Measured] = [:]

    /// CPU in thousandths times milliseconds, and how long was measured.
    private struct Measured: Hashable {
        var sum: Int64 = 0
        var milliseconds: Int64 = 0
    }

    /// Adds up samples in order of time, from a little before the start on; holds one of each host.
    package struct Reading {
        private var use: RecentUse
        private let rules: RateRules
        private var last: [HostName: RawHostSample] = [:]

        package init(from start: Timestamp, to end: Timestamp, rules: RateRules) {
            use = RecentUse(start: start, end: end)
            self.rules = rules
        }

        package mutating func add(_ sample: RawHostSample) {
            defer { last[sample.host] = sample }
            guard let earlier = last[sample.host] else { return }
            let interval = rules.judge(from: earlier.at, to: sample.at)
            guard case .usable = interval else { return }
            // A rate that reaches over an end counts for what lies between.
            let milliseconds = min(sample.at, use.end).millisecondsSince(max(earlier.at, use.start))
            guard milliseconds > 0 else { return }
            let before = Dictionary(
                firstOf: earlier.domains.map { ($0.id, $0) })
            for domain in sample.domains {
                guard let earlier = before[domain.id],
                    let cpu = DomainRates.cpu(from: earlier, to: domain, over: interval).value
                else { continue }
                use.used[domain.id, default: Measured()].sum += cpu * milliseconds
                use.used[domain.id, default: Measured()].milliseconds += milliseconds
            }
        }

        package func finish() -> RecentUse { use }
    }

    /// Nothing was measured yet.
    package init(start: Timestamp, end: Timestamp) {
        self.start = start
        self.end = end
    }

    /// nil for a domain that has no two samples in a row in this stretch.
    package func cpu(of domain: DomainID) -> MilliCPU? {
        used[domain].map { MilliCPU($0.sum / $0.milliseconds) }
    }

    package var isEmpty: Bool { used.isEmpty }
    package var seconds: Int64 { (end.millisecondsSince(start) + 500) / 1000 }
}
