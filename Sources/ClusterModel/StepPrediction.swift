/// What stands behind a step's estimate, and how far it can be trusted: kept in the plan, and so in
/// the journal, where it is later set against what was observed.
package struct StepPrediction: Hashable, Codable, Sendable {
    /// From the least to the most that is expected.
    package struct Range: Hashable, Codable, Sendable {
        package var low: Int64
        package var high: Int64

        package init(low: Int64, high: Int64) {
            self.low = low
            self.high = high
        }
    }

    /// How the copying comes to its end.
    package enum Ending: String, Hashable, Codable, Sendable {
        case converges
        /// Within the policy's limit, and only with a longer pause than usual.
        case longerPause = "longer-pause"
        /// The guest is slowed down until it does (auto-converge).
        case throttled
        case postcopy = "post-copy"
        /// The guest is stopped for the rest.
        case suspended
        /// It would go on forever: whatever ends it, the domain does not arrive.
        case never
    }

    /// Milliseconds.
    package var duration: Range
    package var downtime: Range
    /// Bytes.
    package var transferred: Range
    package var ending: Ending
    /// What is sent in the first pass.
    package var memory: Bytes
    /// nil when it was never measured: it then counts as idle, and the ranges are wider.
    package var dirtyRates: DirtyRates?
    /// Its mean share of the nominal links, in bytes a second, and the limit it keeps to.
    package var linkRate: Bytes
    package var rateLimit: Bytes?
    /// Own migrations that the estimate was learned from.
    package var jobs: Int

    package init(
        duration: Range, downtime: Range, transferred: Range, ending: Ending, memory: Bytes,
        dirtyRates: DirtyRates?, linkRate: Bytes, rateLimit: Bytes? = nil, jobs: Int
    ) {
        self.duration = duration
        self.downtime = downtime
        self.transferred = transferred
        self.ending = ending
        self.memory = memory
        self.dirtyRates = dirtyRates
        self.linkRate = linkRate
        self.rateLimit = rateLimit
        self.jobs = jobs
    }

    private enum CodingKeys: String, CodingKey {
        case duration = "duration_ms"
        case downtime = "downtime_ms"
        case transferred = "transferred_bytes"
        case ending
        case memory = "memory_bytes"
        case dirtyRates = "dirtying"
        case linkRate = "link_bytes_per_second"
        case rateLimit = "limit_bytes_per_second"
        case jobs = "learned_from"
    }
}
