package import ClusterModel

/// Decides from progress reports when a migration has had its time: over the limit that was set, or
/// without a byte more for a while; and when it can not even be stopped.
///
/// Both interpreters ask it at every poll. Its times are those of a clock that is never set: a step
/// of the wall clock must not end a healthy migration.
package struct MigrationWatch: Sendable {
    package static let pollMilliseconds: Int64 = 500
    /// KubeVirt's progress timeout, the one default of the peers that users did not complain about.
    static let stallMilliseconds: Int64 = 150_000
    /// Without a limit set: KubeVirt's time for each GiB, and an hour at least. A guest that
    /// rewrites its memory faster than the link would otherwise never end.
    static let millisecondsPerGibibyte: Int64 = 150_000
    static let leastLimitMilliseconds: Int64 = 3_600_000
    /// An abort that has not worked by then will not: its monitor does not answer.
    static let patienceMilliseconds: Int64 = 300_000

    /// What a poll found.
    package enum Verdict: Hashable, Sendable {
        case fine
        /// Its time is up: abort it.
        case overdue(String)
        /// It should have ended long ago and can not be aborted: nothing more can be done for it.
        case stuck(String)
    }

    private let startedAt: Timestamp
    private let timeoutSeconds: Int?
    private var processed: Bytes = .zero
    private var total: Bytes = .zero
    private var lastProgress: Timestamp
    private var overdueSince: Timestamp?

    package init(startedAt: Timestamp, timeoutSeconds: Int?) {
        self.startedAt = startedAt
        self.timeoutSeconds = timeoutSeconds
        lastProgress = startedAt
    }

    package mutating func look(
        _ progress: MigrationProgress?, at now: Timestamp
    ) -> Verdict {
        if let progress {
            total = progress.total
            if progress.processed > processed {
                processed = progress.processed
                lastProgress = now
            }
        }
        guard let reason = reason(at: now) else { return .fine }
        let since = overdueSince ?? now
        overdueSince = since
        guard now.millisecondsSince(since) > Self.patienceMilliseconds else {
            return .overdue(reason)
        }
        return .stuck("\(reason), and could not be stopped since")
    }

    private func reason(at now: Timestamp) -> String? {
        let elapsed = now.millisecondsSince(startedAt)
        if let timeoutSeconds, elapsed > Int64(timeoutSeconds) * 1000 {
            return "took longer than the limit of \(timeoutSeconds) s"
        }
        if now.millisecondsSince(lastProgress) > Self.stallMilliseconds {
            return "made no progress for \(Self.stallMilliseconds / 1000) s"
        }
        let gibibytes = total.count / Bytes.gibibytes(1).count
        let limit = max(
            Self.leastLimitMilliseconds, gibibytes * Self.millisecondsPerGibibyte)
        guard timeoutSeconds == nil, elapsed > limit else { return nil }
        return "did not end within \(limit / 1000) s"
    }
}
