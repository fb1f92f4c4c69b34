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

    package init() {}
}
