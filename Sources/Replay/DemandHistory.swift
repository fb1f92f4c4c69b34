package import ClusterModel

/// What domains used over a stretch of time, one value for each interval of equal length. A gap is
/// a gap: a value that was not measured is missing, never zero.
package struct DemandHistory: Sendable {
    package static let missing: Int32 = -1

    package let start: Timestamp
    package let intervalMilliseconds: Int64
    package let intervals: Int
    package let domains: [DomainID]
    /// Thousandths of a CPU, domain after domain.
    private let cpu: [Int32]

    /// `cpu` holds for each domain as many values as there are intervals.
    package init(
        start: Timestamp, intervalMilliseconds: Int64, intervals: Int, domains: [DomainID],
        cpu: [Int32]
    ) {
        precondition(intervalMilliseconds > 0 && intervals >= 0, "\(intervals) intervals")
        precondition(cpu.count == domains.count * intervals, "\(cpu.count) values")
        self.start = start
        self.intervalMilliseconds = intervalMilliseconds
        self.intervals = intervals
        self.domains = domains
        self.cpu = cpu
    }

    package func value(_ domain: Int, at interval: Int) -> Int32 {
        cpu[domain * intervals + interval]
    }

    package func values(_ domain: Int, _ range: Range<Int>) -> ArraySlice<Int32> {
        cpu[(domain * intervals + range.lowerBound)..<(domain * intervals + range.upperBound)]
    }

    /// The moment at which an interval begins.
    package func time(of interval: Int) -> Timestamp {
        start.advanced(byMilliseconds: Int64(interval) * intervalMilliseconds)
    }

    package var end: Timestamp { time(of: intervals) }

    /// Every use grown by this share: 1100 is a tenth more.
    package func grown(thousandths: Int64) -> DemandHistory {
        DemandHistory(
            start: start, intervalMilliseconds: intervalMilliseconds, intervals: intervals,
            domains: domains,
            cpu: cpu.map { value in
                value < 0 ? value : Int32(clamping: Int64(value) * thousandths / 1000)
            })
    }

    /// With further domains, each with the use of one that is there.
    package func adding(_ copies: [(id: DomainID, like: Int)]) -> DemandHistory {
        DemandHistory(
            start: start, intervalMilliseconds: intervalMilliseconds, intervals: intervals,
            domains: domains + copies.map(\.id),
            cpu: cpu + copies.flatMap { values($0.like, 0..<intervals) })
    }
}
