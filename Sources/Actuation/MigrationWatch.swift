import ClusterModel

/// Decides from progress reports when a migration has had its time: over the limit that was set, or
/// without a byte more for a while.
struct MigrationWatch {
    static let pollMilliseconds: Int64 = 500
    /// KubeVirt's progress timeout, the one default of the peers that users did not complain about.
    static let stallMilliseconds: Int64 = 150_000

    private let startedAt: Timestamp
    private let timeoutSeconds: Int?
    private var processed: Bytes = .zero
    private var lastProgress: Timestamp

    init(startedAt: Timestamp, timeoutSeconds: Int?) {
        self.startedAt = startedAt
        self.timeoutSeconds = timeoutSeconds
        lastProgress = startedAt
    }

    /// Why the migration should be aborted now; nil while all is well.
    mutating func overdue(_ progress: MigrationProgress?, at now: Timestamp) -> String? {
        if let progress, progress.processed > processed {
            processed = progress.processed
            lastProgress = now
        }
        if let timeoutSeconds, now.millisecondsSince(startedAt) > Int64(timeoutSeconds) * 1000 {
            return "took longer than the limit of \(timeoutSeconds) s"
        }
        if now.millisecondsSince(lastProgress) > Self.stallMilliseconds {
            return "made no progress for \(Self.stallMilliseconds / 1000) s"
        }
        return nil
    }
}
