package import ClusterModel

/// Demand of one domain from values that are rates already, such as a replay or another tool has
/// them: the same slots and percentiles as from counters.
package struct SlotSeries: Sendable {
    private let window: SampleWindow
    private var values: SlotValues

    package init(_ window: SampleWindow) {
        self.window = window
        values = SlotValues(slots: window.slots)
    }

    /// In order of time; the rate was measured up to this moment.
    package mutating func add(_ rate: Int64, at time: Timestamp) {
        values.add(rate, at: time, in: window)
    }

    package consuming func demand() -> Demand { values.demand(window) }
}
