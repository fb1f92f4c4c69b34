package import ClusterModel

/// The stretch of time that demand is read from, cut into slots of equal length which all domains
/// share: only then may slots of different domains be added.
package struct SampleWindow: Hashable, Sendable {
    package let end: Timestamp
    package let lengthMilliseconds: Int64
    package let slots: Int
    /// Of the rates inside a slot, 1 to 100.
    package let percentile: Int
    /// With a period the slots are times of it, such as hours of the day, and each holds the worst
    /// of its days; without one they are stretches of the window, oldest first.
    package let periodMilliseconds: Int64?
    /// The mean of a slot in place of its percentile: means of domains add up to that of their
    /// host.
    package let usesMean: Bool
    /// Beside the mean the variance is kept, for `Deviation`.
    package let deviationThousandths: Int64
    /// Demand comes from `Foresight`, which looks at whole hours in place of slots.
    package let isForeseen: Bool

    package init(
        endingAt end: Timestamp, lengthMilliseconds: Int64 = 3_600_000, slots: Int = 4,
        percentile: Int = 95, periodMilliseconds: Int64? = nil, usesMean: Bool = false,
        deviationThousandths: Int64 = 0, isForeseen: Bool = false
    ) {
        self.isForeseen = isForeseen
        self.usesMean = usesMean
        self.deviationThousandths = deviationThousandths
        precondition((periodMilliseconds ?? Int64(slots)) >= slots, "\(slots) slots of a period")
        precondition(slots > 0 && lengthMilliseconds >= slots, "\(slots) slots")
        precondition((1...100).contains(percentile), "percentile \(percentile)")
        self.end = end
        self.lengthMilliseconds = lengthMilliseconds
        self.slots = slots
        self.percentile = percentile
        self.periodMilliseconds = periodMilliseconds
    }

    /// The same, ending at another moment.
    package func ending(at end: Timestamp) -> SampleWindow {
        SampleWindow(
            endingAt: end, lengthMilliseconds: lengthMilliseconds, slots: slots,
            percentile: percentile, periodMilliseconds: periodMilliseconds, usesMean: usesMean,
            deviationThousandths: deviationThousandths, isForeseen: isForeseen)
    }

    package var start: Timestamp { end.advanced(byMilliseconds: -lengthMilliseconds) }

    /// Where reading must begin so that the first rate inside the window has its first sample.
    package func readingStart(under rules: RateRules) -> Timestamp {
        start.advanced(byMilliseconds: -rules.longestInterval)
    }

    /// The slot in which a rate counts that was measured up to this moment; the window includes
    /// its end and not its start.
    package func slot(of time: Timestamp) -> Int? {
        let offset = time.millisecondsSince(start) - 1
        guard offset >= 0, offset < lengthMilliseconds else { return nil }
        if let period = periodMilliseconds {
            let moment = time.milliseconds - 1
            return Int((moment % period + period) % period * Int64(slots) / period)
        }
        return Int(offset * Int64(slots) / lengthMilliseconds)
    }
}
