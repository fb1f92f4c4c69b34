/// How the collector works.
package struct CollectorSettings: Hashable, Sendable {
    package var period: Duration
    /// How long one host may take for a sample; shorter than the period, so that a dead host never
    /// delays a tick.
    package var hostTimeLimit: Duration
    /// At every how many-th tick a host's facts are read too; nil for never. The hosts take turns:
    /// all at once they would make one tick in this many a slow one.
    package var ticksPerInventory: Int?
    /// How long reading the facts may take.
    package var inventoryTimeLimit: Duration

    /// The time limit is four fifths of the period unless it is given.
    package init(
        period: Duration = .seconds(10), hostTimeLimit: Duration? = nil,
        ticksPerInventory: Int? = nil, inventoryTimeLimit: Duration = .seconds(30)
    ) {
        let limit = hostTimeLimit ?? period * 4 / 5
        precondition(period > .zero && limit > .zero, "period \(period), time limit \(limit)")
        precondition(limit <= period, "time limit \(limit) beyond the period \(period)")
        precondition((ticksPerInventory ?? 1) > 0, "every \(ticksPerInventory ?? 0)-th tick")
        self.period = period
        self.hostTimeLimit = limit
        self.ticksPerInventory = ticksPerInventory
        self.inventoryTimeLimit = inventoryTimeLimit
    }
}
