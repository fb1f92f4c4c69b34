package import ClusterModel

/// Decides from progress reports what to do about a migration: change it where it does not
/// converge, end it over the limit that was set or without a byte more for a while; and when it can
/// not even be stopped, say so. In post-copy there is no way back, and only a standstill counts.
///
/// Both interpreters ask it at every poll. Its times are those of a clock that is never set: a step
/// of the wall clock must not end a healthy migration.
package struct MigrationWatch: Sendable {
    package static let pollMilliseconds: Int64 = 500
    /// KubeVirt's progress timeout, the one default of the peers that users did not complain about.
    static let stallMilliseconds: Int64 = 150_000
    /// With the last byte longer ago than this nothing is risked any more.
    static let flowMilliseconds: Int64 = 10_000
    /// Without a limit set: KubeVirt's time for each GiB, and an hour at least. A guest that
    /// rewrites its memory faster than the link would otherwise never end.
    static let millisecondsPerGibibyte: Int64 = 150_000
    static let leastLimitMilliseconds: Int64 = 3_600_000
    /// An abort that has not worked by then will not: its monitor does not answer.
    static let patienceMilliseconds: Int64 = 300_000

    /// What a poll found.
    package enum Verdict: Hashable, Sendable {
        case fine
        /// It does not converge by itself: change this of it.
        case adjust(MigrationAdjustment, reason: String)
        /// It does not converge whatever is done: abort it, and do not try it again.
        case nonConverging(String)
        /// Its time is up: abort it.
        case overdue(String)
        /// It should have ended long ago and cannot be aborted: nothing more can be done for it.
        case stuck(String)
    }

    private let timeoutSeconds: Int?
    /// When the limit counts from: from the policy's last word on, where that came at the limit.
    private var limitedSince: Timestamp
    private var processed: Bytes = .zero
    private var total: Bytes = .zero
    private var lastProgress: Timestamp
    private var overdueSince: Timestamp?
    private var isPostcopy = false
    private var control: ConvergenceControl
    private var hopelessness: String?

    package init(startedAt: Timestamp, timeoutSeconds: Int?) {
        var options = MigrationOptions()
        options.timeoutSeconds = timeoutSeconds
        self.init(startedAt: startedAt, options: options)
    }

    package init(startedAt: Timestamp, options: MigrationOptions) {
        timeoutSeconds = options.timeoutSeconds
        limitedSince = startedAt
        lastProgress = startedAt
        control = ConvergenceControl(options: options)
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
            if progress.isPostcopy, !isPostcopy {
                isPostcopy = true
                // It was to be stopped, and is beyond that.
                (overdueSince, hopelessness) = (nil, nil)
            }
            let isOpen = hopelessness == nil && !isPostcopy
            switch isOpen ? control.look(progress, at: now) : nil {
            case .adjust(let adjustment, let reason): return .adjust(adjustment, reason: reason)
            case .nonConverging(let reason): hopelessness = reason
            case nil: break
            }
        }
        guard let reason = hopelessness ?? reason(at: now) else { return .fine }
        if hopelessness == nil, overdueSince == nil, !isPostcopy, isFlowing(at: now),
            case .adjust(let adjustment, let reason) = control.lastWord(reason)
        {
            limitedSince = now
            return .adjust(adjustment, reason: reason)
        }
        let since = overdueSince ?? now
        overdueSince = since
        guard now.millisecondsSince(since) > Self.patienceMilliseconds else {
            return hopelessness == nil ? .overdue(reason) : .nonConverging(reason)
        }
        return .stuck("\(reason), and could not be stopped")
    }

    /// Bytes go over: a guest must not be sent over a link that is dead.
    private func isFlowing(at now: Timestamp) -> Bool {
        now.millisecondsSince(lastProgress) < Self.flowMilliseconds
    }

    private func reason(at now: Timestamp) -> String? {
        let elapsed = now.millisecondsSince(limitedSince)
        if let timeoutSeconds, !isPostcopy, elapsed > Int64(timeoutSeconds) * 1000 {
            return "took longer than the limit of \(timeoutSeconds) s"
        }
        if now.millisecondsSince(lastProgress) > Self.stallMilliseconds {
            return "made no progress for \(Self.stallMilliseconds / 1000) s"
        }
        let gibibytes = total.count / Bytes.gibibytes(1).count
        let limit = max(
            Self.leastLimitMilliseconds, gibibytes * Self.millisecondsPerGibibyte)
        guard timeoutSeconds == nil, !isPostcopy, elapsed > limit else { return nil }
        return "did not end within \(limit / 1000) s"
    }
}
