import Telemetry

/// What the collector did since its start, for its last log line and for tests.
package struct CollectorCounts: Hashable, Sendable {
    package var ticks = 0
    /// Ticks that did not take place because the one before took longer than a period.
    package var skippedTicks = 0
    package var samples = 0
    package var failures = 0
    /// Batches that could not be stored and are lost.
    package var lostBatches = 0
    package var storedFacts = 0
    /// How long the last ticks took, from the first question to the end of the transaction, in
    /// milliseconds and in no order: at most `rememberedTicks`.
    package private(set) var tickMilliseconds: [Int64] = []

    private static let rememberedTicks = 10_000

    package init() {}

    mutating func tookTick(_ duration: Duration) {
        let milliseconds =
            duration.components.seconds * 1000
            + duration.components.attoseconds / 1_000_000_000_000_000
        if tickMilliseconds.count < Self.rememberedTicks {
            tickMilliseconds.append(milliseconds)
        } else {
            tickMilliseconds[ticks % Self.rememberedTicks] = milliseconds
        }
    }

    /// Of the remembered ticks; nil before the first has ended.
    package func tickTime(percentile: Int) -> Int64? {
        var times = tickMilliseconds
        return Percentile.nearestRank(percentile, of: &times)
    }
}
