package import ClusterModel
package import PlacementPolicy
package import Telemetry

extension SampleWindow {
    /// The stretch of time that a policy reads demand off, ending at a moment.
    package init(_ rules: DemandWindow, endingAt end: Timestamp) {
        self.init(
            endingAt: end, lengthMilliseconds: rules.windowSeconds * 1000, slots: rules.slots,
            percentile: rules.percentile, periodMilliseconds: rules.periodSeconds.map { $0 * 1000 },
            usesMean: rules.usesMean, deviationThousandths: rules.deviationThousandths,
            isForeseen: rules.isForeseen)
    }
}
