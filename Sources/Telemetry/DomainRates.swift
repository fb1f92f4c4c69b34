import ClusterModel

/// What one domain did between two samples of the same host.
package struct DomainRates: Hashable, Sendable {
    package var cpu: CounterRate
    /// Thousandths of a CPU that its virtual CPUs waited for I/O, and for a CPU.
    package var vcpuWait: CounterRate
    package var vcpuDelay: CounterRate
    /// Bytes a second.
    package var blockRead: CounterRate
    package var blockWritten: CounterRate
    package var networkReceived: CounterRate
    package var networkSent: CounterRate

    /// A restart of the guest's process shows in the CPU counter; then no other counter of the
    /// interval is believed either, though it may have outgrown its old value already.
    package init(
        from earlier: RawDomainSample, to later: RawDomainSample, over interval: SampleInterval
    ) {
        let limit = Self.limit(earlier, later)
        cpu = Self.cpu(from: earlier, to: later, over: interval)
        let restarted = cpu == .restart
        func rate(_ counter: KeyPath<RawDomainSample, Int64?>) -> CounterRate {
            restarted
                ? .restart
                : CounterRate(
                    from: earlier[keyPath: counter], to: later[keyPath: counter], over: interval)
        }
        func cpuRate(_ counter: KeyPath<RawDomainSample, Int64?>) -> CounterRate {
            restarted
                ? .restart
                : .cpu(
                    from: earlier[keyPath: counter], to: later[keyPath: counter], over: interval,
                    limit: limit)
        }
        vcpuWait = cpuRate(\.vcpuWait)
        vcpuDelay = cpuRate(\.vcpuDelay)
        blockRead = rate(\.blockRead)
        blockWritten = rate(\.blockWritten)
        networkReceived = rate(\.networkReceived)
        networkSent = rate(\.networkSent)
    }

    /// The CPU rate alone.
    static func cpu(
        from earlier: RawDomainSample, to later: RawDomainSample, over interval: SampleInterval
    ) -> CounterRate {
        .cpu(
            from: earlier.cpuTime, to: later.cpuTime, over: interval,
            limit: limit(earlier, later))
    }

    private static func limit(_ earlier: RawDomainSample, _ later: RawDomainSample) -> MilliCPU? {
        (later.vcpus ?? earlier.vcpus).map(RateRules.plausibleCPU)
    }
}
