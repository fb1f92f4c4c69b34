/// Progress of a migration job, from the source's job statistics (`virDomainGetJobStats`).
package struct MigrationProgress: Hashable, Codable, Sendable {
    package var processed: Bytes
    package var remaining: Bytes
    package var total: Bytes
    /// Bytes a second on the wire; nil until libvirt knows.
    package var rate: Bytes?
    /// Bytes a second that the guest rewrites; 0 before the second iteration.
    package var dirtyRate: Bytes?
    package var iteration: Int?
    /// How much of its CPU auto-converge takes from the guest; nil without.
    package var throttlePercent: Int?
    /// The guest runs on the target, and what it lacks of its memory follows.
    package var isPostcopy: Bool

    package init(
        processed: Bytes = .zero, remaining: Bytes = .zero,
        total: Bytes = .zero, rate: Bytes? = nil, dirtyRate: Bytes? = nil, iteration: Int? = nil,
        throttlePercent: Int? = nil,
        isPostcopy: Bool = false
    ) {
        self.processed = processed
        self.remaining = remaining
        self.total = total
        self.rate = rate
        self.dirtyRate = dirtyRate
        self.iteration = iteration
        self.throttlePercent = throttlePercent
        self.isPostcopy = isPostcopy
    }
}

/// What a migration that ended took (`VIR_DOMAIN_JOB_STATS_COMPLETED`, or the job-completed event).
package struct MigrationStatistics: Hashable, Codable, Sendable {
    package var durationMilliseconds: Int64
    /// nil when libvirt did not report it.
    package var downtimeMilliseconds: Int64?
    package var transferred: Bytes?
    package var iterations: Int?
    /// Empty pages, which take next to nothing to send; nil when libvirt did not report them.
    package var emptyMemory: Bytes?
    /// All of the guest's memory, empty or not.
    package var totalMemory: Bytes?

    package init(
        durationMilliseconds: Int64, downtimeMilliseconds: Int64? = nil,
        transferred: Bytes? = nil, iterations: Int? = nil
    ) {
        self.durationMilliseconds = durationMilliseconds
        self.downtimeMilliseconds = downtimeMilliseconds
        self.transferred = transferred
        self.iterations = iterations
    }
}
