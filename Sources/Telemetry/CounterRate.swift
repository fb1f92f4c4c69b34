package import ClusterModel

/// The rate of a counter between two samples, or why there is none. A missing rate is never zero.
package enum CounterRate: Hashable, Sendable {
    /// Units of the counter a second; of CPU time: thousandths of a CPU.
    case perSecond(Int64)
    /// One of the samples does not have the counter.
    case missing
    /// The counter went back: the process behind it was restarted.
    case restart
    case gap
    case clockStep
    /// More than can be: the clock stepped between the samples, or a counter was wrong.
    case implausible

    package var value: Int64? {
        guard case .perSecond(let value) = self else { return nil }
        return value
    }

    /// Multiplier and divisor turn the growth in one millisecond into the wanted unit.
    package init(
        from earlier: Int64?, to later: Int64?, over interval: SampleInterval,
        multiplier: Int64 = 1000, divisor: Int64 = 1, limit: Int64? = nil
    ) {
        guard let earlier, let later else {
            self = .missing
            return
        }
        switch interval {
        case .gap: self = .gap
        case .clockStep: self = .clockStep
        case .usable(let milliseconds):
            guard later >= earlier else {
                self = .restart
                return
            }
            let (grown, wrapped) = later.subtractingReportingOverflow(earlier)
            let scaled = grown.multipliedReportingOverflow(by: multiplier)
            guard !wrapped, !scaled.overflow else {
                self = .implausible
                return
            }
            let rate = scaled.partialValue / (milliseconds * divisor)
            self = limit.map { rate > $0 } == true ? .implausible : .perSecond(rate)
        }
    }

    /// CPU time in nanoseconds to thousandths of a CPU: 1 ns in 1 ms is a millionth of a CPU.
    package static func cpu(
        from earlier: Int64?, to later: Int64?, over interval: SampleInterval, limit: MilliCPU?
    ) -> CounterRate {
        CounterRate(
            from: earlier, to: later, over: interval, multiplier: 1, divisor: 1000,
            limit: (limit ?? RateRules.plausibleCPU(vcpus: RateRules.mostVCPUs)).count)
    }
}
