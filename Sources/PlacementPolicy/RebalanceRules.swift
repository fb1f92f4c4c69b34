/// When the timer acts, how long what it moved rests, and when it keeps still. Shares are in
/// hundredths of a percent.
package struct RebalanceRules: Hashable, Sendable {
    /// What makes a fleet worth acting on, beside overload.
    package enum Aim: String, Hashable, Sendable, CaseIterable {
        /// Only hosts above `balance.limits`.
        case overload
        /// And a spread above `balance.spread`.
        case spread
        /// And hosts that could be emptied.
        case consolidate
    }

    package var aim = Aim.overload
    /// So many of the last `looks` must show a host overloaded before it is relieved.
    package var held = 3
    package var looks = 5
    /// Once acting, hosts are relieved this far below their limits, and the load is evened out this
    /// far below the spread, so that one more sample cannot start the next plan.
    package var calm: Int64 = 500
    /// A plan must win more in this time than its migrations cost.
    package var residenceSeconds: Int64 = 6 * 3600
    /// A domain that was moved stays for this long, twice as long after the next move, and so on up
    /// to the most. What it counts is forgotten after twice the rest that came last.
    package var restSeconds: Int64 = 86_400
    package var restAtMostSeconds: Int64 = 8 * 86_400
    /// Hosts are emptied only after this long without overload.
    package var emptyAfterSeconds: Int64 = 40 * 60
    /// A host that was out of reach takes nothing until it answered for this long.
    package var settleSeconds: Int64 = 30 * 60
    package var movesPerHour: Int?
    package var quiet: [QuietHours] = []

    package init() {}
}

/// A time of the day, on some days of the week, in which the timer moves nothing. In UTC.
package struct QuietHours: Hashable, Sendable {
    /// Days of the week, Monday is 0.
    package var days: Set<Int>
    /// Minutes of the day; one that ends before it starts goes over midnight.
    package var start: Int
    package var end: Int

    static let names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]

    package init(days: Set<Int> = Set(0..<7), start: Int, end: Int) {
        self.days = days
        self.start = start
        self.end = end
    }

    /// `22:00-06:00`, `Mon-Fri 08:00-18:00` or `Sun 00:00-24:00`; nil for anything else.
    package init?(_ text: String) {
        let words = text.split(separator: " ")
        guard (1...2).contains(words.count), let hours = words.last else { return nil }
        let ends = hours.split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let start = Self.minutes(ends[0]), let end = Self.minutes(ends[1]),
            start != end, start < 24 * 60
        else { return nil }
        guard words.count == 2 else {
            self.init(start: start, end: end)
            return
        }
        let days = words[0].split(separator: "-", omittingEmptySubsequences: false)
            .map { Self.names.firstIndex(of: String($0)) }
        guard (1...2).contains(days.count), let first = days[0], let last = days[days.count - 1]
        else { return nil }
        let count = (last - first + 7) % 7
        self.init(days: Set((0...count).map { (first + $0) % 7 }), start: start, end: end)
    }

    private static func minutes(_ text: Substring) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.count == 2 }), let hour = Int(parts[0]),
            let minute = Int(parts[1]), (0...24).contains(hour), (0..<60).contains(minute),
            hour < 24 || minute == 0
        else { return nil }
        return hour * 60 + minute
    }

    /// `milliseconds` since 1970, which began on a Thursday.
    package func covers(milliseconds: Int64) -> Bool {
        let minute = (milliseconds / 60_000) % 1440
        let day = Int((milliseconds / 86_400_000 + 3) % 7)
        let (now, yesterday) = (Int(minute), (day + 6) % 7)
        if start < end { return days.contains(day) && (start..<end).contains(now) }
        return (days.contains(day) && now >= start) || (days.contains(yesterday) && now < end)
    }
}
