package import ClusterModel

/// Decides what to do for a migration that does not come to its end, from what its job tells.
///
/// QEMU ends a migration when what is left can be sent within the allowed pause. Each pass over the
/// memory leaves what was rewritten meanwhile; where that stops getting less from pass to pass,
/// time alone will not help. Then, one after the other and each with time to show what it does: a
/// longer pause, up to the policy's limit; more bandwidth; waiting for auto-converge to slow the
/// guest down; and in the end what the policy says. Source: the ramp is vdsm's, decided by progress
/// and not by the clock.
package struct ConvergenceControl: Hashable, Sendable {
    /// Passes without progress before something is done, and the least time between two changes.
    static let passesWithoutProgress = 2
    static let leastMilliseconds: Int64 = 4000
    /// The same before the policy's last word: what was sent so far would be lost with an abort.
    static let passesBeforeLastWord = 4
    static let leastMillisecondsBeforeLastWord: Int64 = 15_000
    /// A pass that leaves more than this of the least so far, in thousandths, is no progress.
    static let progressPermille: Int64 = 930
    /// The pause is raised by half, and this much above what is needed.
    static let rampPermille: Int64 = 1500
    static let marginPermille: Int64 = 1200
    /// How long auto-converge may take for its next step; after the last one it gets less.
    static let throttleMilliseconds: Int64 = 60_000
    static let fullThrottle = 99

    /// What is to be done now.
    package enum Decision: Hashable, Sendable {
        case adjust(MigrationAdjustment, reason: String)
        /// Nothing that the policy allows will end it.
        case nonConverging(String)
    }

    private let options: MigrationOptions
    private var pass = 0
    /// What was left at the beginning of this pass, and of those since the last change.
    private var left = Bytes.zero
    private var least: Bytes?
    private var most = Bytes.zero
    private var idlePasses = 0
    private var changedAt: Timestamp?
    private var allowedDowntime = MigrationOptions.firstDowntimeMilliseconds
    private var isWidened = false
    private var throttle = 0
    private var throttledAt: Timestamp?
    /// The policy's last word was said: what follows is up to the time limits.
    package private(set) var isDecided = false

    package init(options: MigrationOptions) { self.options = options }

    package mutating func look(
        _ progress: MigrationProgress, at now: Timestamp
    ) -> Decision? {
        guard !isDecided, let iteration = progress.iteration else { return nil }
        let start = changedAt ?? now
        changedAt = start
        note(progress, iteration, at: now)
        guard idlePasses >= Self.passesWithoutProgress,
            now.millisecondsSince(start) >= Self.leastMilliseconds,
            let decision = decide(progress, sinceChange: now.millisecondsSince(start), at: now)
        else { return nil }
        changedAt = now
        idlePasses = 0
        least = nil
        most = .zero
        return decision
    }

    /// The policy's last word at once, because the time is up; nil where it has none but to stop.
    package mutating func lastWord(_ reason: String) -> Decision? {
        guard !isDecided else { return nil }
        switch options.stuckRule {
        case .abort, .wait: return nil
        case .postcopy, .suspend: return finalDecision(reason)
        }
    }

    /// How a new pass began against those before it. The first pass is all memory: no measure.
    private mutating func note(
        _ progress: MigrationProgress, _ iteration: Int, at now: Timestamp
    ) {
        if let percent = progress.throttlePercent, percent != throttle {
            (throttle, throttledAt) = (percent, now)
        }
        guard iteration > max(1, pass) else { return }
        // Several may have gone by since the last look.
        let passes = pass == 0 ? 1 : iteration - pass
        pass = iteration
        // A look in the middle of a pass shows less than there was at its beginning.
        left = progress.remaining
        most = max(most, left)
        let best = least ?? left + left
        if left.count > best.count / 1000 * Self.progressPermille {
            idlePasses += passes
        } else {
            idlePasses = 0
        }
        least = min(best, left)
    }

    private mutating func decide(
        _ progress: MigrationProgress, sinceChange milliseconds: Int64, at now: Timestamp
    ) -> Decision? {
        let figures = Self.figures(progress, most)
        let longest = options.longestDowntimeMilliseconds
        if allowedDowntime < longest {
            allowedDowntime = min(longest, nextDowntime(progress))
            return .adjust(.allowDowntime(milliseconds: allowedDowntime), reason: figures)
        }
        if !isWidened, let wider = options.widestBandwidth, wider > options.bandwidth ?? wider {
            isWidened = true
            return .adjust(.allowBandwidth(mebibytesPerSecond: wider), reason: figures)
        }
        let patience =
            throttle < Self.fullThrottle
            ? Self.throttleMilliseconds : Self.leastMillisecondsBeforeLastWord
        if options.autoConverge, now.millisecondsSince(throttledAt ?? changedAt ?? now) < patience {
            return nil
        }
        guard idlePasses >= Self.passesBeforeLastWord,
            milliseconds >= Self.leastMillisecondsBeforeLastWord
        else { return nil }
        return finalDecision(figures)
    }

    /// As much as is needed, where that is known and allowed; else a step.
    private func nextDowntime(_ progress: MigrationProgress) -> Int64 {
        let step = allowedDowntime * Self.rampPermille / 1000
        guard let rate = progress.rate, rate > .zero else { return step }
        let needed = Double(most.count) / Double(rate.count) * Double(Self.marginPermille)
        // To go beyond the limit at once would help nothing and cost the guest its pause.
        guard needed < Double(options.longestDowntimeMilliseconds) else {
            return options.longestDowntimeMilliseconds
        }
        return max(step, Int64(needed))
    }

    private mutating func finalDecision(_ figures: String) -> Decision? {
        isDecided = true
        switch options.stuckRule {
        case .abort: return .nonConverging("does not converge: \(figures)")
        // Not forever: its time limit holds.
        case .wait: return nil
        case .postcopy: return .adjust(.startPostcopy, reason: figures)
        case .suspend: return .adjust(.suspendGuest, reason: figures)
        }
    }

    /// `it rewrites 40 MiB/s and 19.5 MiB/s are sent, 61 MiB are left after pass 5`.
    private static func figures(_ progress: MigrationProgress, _ left: Bytes) -> String {
        let written = progress.dirtyRate.map { "it rewrites \($0)/s" }
        let sent = progress.rate.map { "\($0)/s are sent" }
        let rates = [written, sent].compactMap { $0 }.joined(separator: " and ")
        let pass = max(1, (progress.iteration ?? 1) - 1)
        return (rates.isEmpty ? "" : "\(rates), ") + "\(left) are left after pass \(pass)"
    }
}
