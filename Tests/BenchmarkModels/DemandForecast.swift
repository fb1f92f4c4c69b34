/// A forecast of one series some steps ahead, chosen among simple ways by its own errors in the
/// past.
///
/// The mixtures hold the level of the last hour against what the days before had at that time of
/// the day. None is used unless it was better, on the series' own past, than to say "same as now"
/// and "same as yesterday". O(values) for a fit, times the number of ways.
package struct DemandForecast: Hashable, Sendable {
    /// How the value to come is guessed.
    package enum Method: Hashable, Sendable {
        case sameAsNow, sameAsYesterday, sameAsLastWeek
        /// So many percent of the mean of the last hour, the rest of the mean of the same time on
        /// the days before; 100 is only the hour.
        case mixture(percent: Int)
    }

    /// Steps in a day, and steps ahead.
    package let perDay: Int
    package let ahead: Int

    package init(perDay: Int, ahead: Int) {
        precondition(perDay > 0 && ahead > 0, "\(perDay) steps a day, \(ahead) ahead")
        self.perDay = perDay
        self.ahead = ahead
    }

    package static let ways: [Method] =
        [.sameAsNow, .sameAsYesterday, .sameAsLastWeek]
        + [0, 25, 50, 75, 100].map { .mixture(percent: $0) }

    /// What will be `ahead` steps after the last of the values; nil where the past does not reach
    /// back far enough. Missing values are negative.
    package func predict(_ values: ArraySlice<Int32>, _ way: Method) -> Int64? {
        let target = values.endIndex - 1 + ahead
        switch way {
        case .sameAsNow: return value(values, values.endIndex - 1)
        case .sameAsYesterday: return value(values, back(target, perDay, values))
        case .sameAsLastWeek: return value(values, back(target, 7 * perDay, values))
        case .mixture(let percent):
            let hour = max(1, perDay / 24)
            let level = mean(values, (values.endIndex - hour)..<values.endIndex)
            guard percent < 100 else { return level }
            guard let level, let usual = usual(values, at: target) else { return nil }
            return (Int64(percent) * level + Int64(100 - percent) * usual) / 100
        }
    }

    /// The way with the least mean error on the last `judged` values, and that error; each
    /// prediction sees only what was before it. A way that is not a tenth better than "same as now"
    /// in both halves of them was lucky once, and is none: a guest that changed its habits has a
    /// past that misleads. For the same reason it is to be asked again with each forecast, over a
    /// day and not a week.
    package func best(
        _ values: ArraySlice<Int32>, judged: Int, every stride: Int = 3
    ) -> (way: Method, error: Int64)? {
        let first = max(values.startIndex + ahead, values.endIndex - judged)
        let middle = first + (values.endIndex - first) / 2
        func errors(_ way: Method) -> (whole: Int64, halves: [Int64?])? {
            let halves = [first..<middle, middle..<values.endIndex]
                .map { tally(way, values, $0, every: stride) }
            let count = halves.reduce(0) { $0 + $1.count }
            // A way that is often silent is no way.
            guard count > 0, count * 10 >= halves.reduce(0, { $0 + $1.wanted }) * 9 else {
                return nil
            }
            return (
                halves.reduce(0) { $0 + $1.sum } / count,
                halves.map { $0.count == 0 ? nil : $0.sum / $0.count }
            )
        }
        let now = errors(.sameAsNow)
        var best = now.map { (way: Method.sameAsNow, error: $0.whole) }
        for way in Self.ways where way != .sameAsNow {
            guard let errors = errors(way) else { continue }
            let wins = zip(errors.halves, now?.halves ?? [nil, nil]).allSatisfy { own, now in
                own.flatMap { own in now.map { own * 10 < $0 * 9 } } ?? true
            }
            if wins, best.map({ errors.whole < $0.error }) ?? true { best = (way, errors.whole) }
        }
        return best
    }

    private func tally(
        _ way: Method, _ values: ArraySlice<Int32>, _ range: Range<Int>, every step: Int
    ) -> (sum: Int64, count: Int64, wanted: Int64) {
        var (sum, count, wanted) = (Int64(0), Int64(0), Int64(0))
        for at in stride(from: range.lowerBound, to: range.upperBound, by: step) {
            guard let truth = value(values, at) else { continue }
            wanted += 1
            guard let guess = predict(values[values.startIndex...(at - ahead)], way) else {
                continue
            }
            sum += abs(guess - truth)
            count += 1
        }
        return (sum, count, wanted)
    }

    private func value(_ values: ArraySlice<Int32>, _ index: Int) -> Int64? {
        guard values.indices.contains(index), values[index] >= 0 else { return nil }
        return Int64(values[index])
    }

    /// The same time so many steps before, or as many times that as it takes to be past.
    private func back(_ target: Int, _ steps: Int, _ values: ArraySlice<Int32>) -> Int {
        var index = target - steps
        while index >= values.endIndex { index -= steps }
        return index
    }

    private func mean(_ values: ArraySlice<Int32>, _ range: Range<Int>) -> Int64? {
        var (sum, count) = (Int64(0), Int64(0))
        for index in range {
            guard let value = value(values, index) else { continue }
            sum += value
            count += 1
        }
        return count == 0 ? nil : sum / count
    }

    /// The mean around this time of the day, half an hour to each side, of all days before.
    private func usual(_ values: ArraySlice<Int32>, at target: Int) -> Int64? {
        let side = max(1, perDay / 48)
        var (sum, days) = (Int64(0), Int64(0))
        var center = back(target, perDay, values)
        while center - side >= values.startIndex {
            if let day = mean(values, (center - side)..<(center + side + 1)) {
                sum += day
                days += 1
            }
            center -= perDay
        }
        return days == 0 ? nil : sum / days
    }
}
