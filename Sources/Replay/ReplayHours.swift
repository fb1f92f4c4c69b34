import ClusterModel
import Telemetry

/// The hours of every domain of a history, gathered once: a replay looks back two days from each of
/// its intervals.
struct ReplayHours: Sendable {
    private let hours: [[HourOfUse]]

    init(of history: DemandHistory) {
        hours = history.domains.indices.map { domain in
            Self.hours(of: domain, in: history, 0..<history.intervals).hours
        }
    }

    private static func hours(
        of domain: Int, in history: DemandHistory, _ intervals: Range<Int>
    ) -> (hours: [HourOfUse], newest: Timestamp?) {
        var use = HourlyUse()
        for interval in intervals {
            let value = history.value(domain, at: interval)
            guard value >= 0 else { continue }
            use.add(Int64(value), at: history.time(of: interval + 1))
        }
        return (use.hours(), use.newest)
    }

    /// What `Foresight` says after this many intervals.
    func demand(
        of domain: Int, in history: DemandHistory, past: Int, _ foresight: inout Foresight
    ) -> Demand {
        let now = HourOfUse.number(of: history.time(of: past))
        let first = now - Int64(Foresight.reach)
        let begin = hours[domain].firstIndex { $0.number > first } ?? hours[domain].endIndex
        var known = Array(hours[domain][begin...].prefix { $0.number < now })
        let perHour = Int(3_600_000 / history.intervalMilliseconds) + 1
        let present = Self.hours(of: domain, in: history, max(0, past - perHour)..<past)
        known += present.hours.filter { $0.number == now }
        return foresight.demand(of: known, newest: present.newest ?? known.last?.end)
    }
}
