package import ClusterModel

/// How demand is read off the samples: which stretch of time, in how many slots, at which
/// percentile.
package struct DemandWindow: Hashable, Sendable {
    package var windowSeconds: Int64
    /// 1 to 100. The 95th leaves out short peaks, which CPU survives and memory would not.
    package var percentile: Int
    /// The mean in place of the percentile. Of many small domains each percentile adds up to more
    /// than their host ever has; means add up to its mean.
    package var usesMean = false
    /// Thousandths: hosts are compared by this many standard deviations above their mean. Only with
    /// means.
    package var deviationThousandths: Int64 = 0
    /// Domains whose peaks lie in different slots may share a host.
    package var slots: Int
    /// With a period the slots are times of it (of the day, of the week), each the worst of the
    /// window's; nil cuts the window itself.
    package var periodSeconds: Int64?
    /// Each domain's demand is foreseen by what foresaw it best so far (`Foresight`); the window is
    /// what that looks back.
    package var isForeseen = false
    /// What a domain that was never sampled counts for, for each of its virtual CPUs. A quarter:
    /// the 4:1 overcommitment that is usual in the field; its full vCPUs would refuse most first
    /// drains.
    package var assumedPerVCPU: MilliCPU
    /// Balancing by samples that are older is refused: the fleet may look otherwise by now. Long
    /// enough for a collector that is being updated.
    package var maxAgeSeconds: Int64

    package init(
        windowSeconds: Int64 = 3600, percentile: Int = 95, slots: Int = 4,
        assumedPerVCPU: MilliCPU = 250, maxAgeSeconds: Int64 = 600, periodSeconds: Int64? = nil
    ) {
        self.windowSeconds = windowSeconds
        self.percentile = percentile
        self.slots = slots
        self.assumedPerVCPU = assumedPerVCPU
        self.maxAgeSeconds = maxAgeSeconds
        self.periodSeconds = periodSeconds
    }

    /// `window: auto`.
    package static let foreseen: DemandWindow = {
        var window = DemandWindow(
            windowSeconds: 2 * 86_400, percentile: 95, slots: 24, periodSeconds: 86_400)
        window.isForeseen = true
        window.deviationThousandths =
            2000
        return window
    }()
}
