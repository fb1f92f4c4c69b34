package import ClusterModel
import Execution

/// Predicted against observed, over many migrations: for people and for programs.
package struct AccuracyReport: Encodable {
    /// What one group of migrations came to. Errors are relative to what was observed.
    package struct Group: Encodable {
        /// nil in the group of all.
        package var source: HostName?
        package var target: HostName?
        package var migrations = 0
        package var durationMedianError: Double?
        package var durationP90Error: Double?
        /// Observed over predicted: above one, it took longer than was said.
        package var durationBias: Double?
        package var durationWithinRange: Double?
        package var downtimeWithinFactorTwo: Double?
        package var transferredMedianError: Double?

        private enum CodingKeys: String, CodingKey {
            case source, target, migrations
            case durationMedianError = "duration_median_error"
            case durationP90Error = "duration_p90_error"
            case durationBias = "duration_median_ratio"
            case durationWithinRange = "duration_within_error_bar"
            case downtimeWithinFactorTwo = "downtime_within_factor_2"
            case transferredMedianError = "transferred_median_error"
        }
    }

    package var all: Group
    package var pairs: [Group]
    /// Left out of the figures: helped on their way (a longer pause, post-copy, a second attempt).
    package var helped: Int

    init(_ history: TransferHistory) {
        let plain = history.entries.filter { !$0.wasHelped }
        helped = history.entries.count - plain.count
        all = Group(plain)
        let groups = Dictionary(grouping: plain) { [$0.step.move.source, $0.step.move.target] }
        pairs = groups.keys.sorted { $0.lexicographicallyPrecedes($1) }.map { ends in
            var group = Group(groups[ends] ?? [])
            (group.source, group.target) = (ends[0], ends[1])
            return group
        }
    }
}

extension AccuracyReport.Group {
    fileprivate init(_ entries: [DoneTransfer]) {
        migrations = entries.count
        let durations = entries.map { entry in
            (
                predicted: Double(max(1, entry.step.estimate.durationMilliseconds)),
                observed: Double(max(1, entry.observed.durationMilliseconds))
            )
        }
        let errors = durations.map { abs($0.predicted - $0.observed) / $0.observed }.sorted()
        durationMedianError = errors.rank(1, of: 2)
        durationP90Error = errors.rank(9, of: 10)
        durationBias = durations.map { $0.observed / $0.predicted }.sorted().rank(1, of: 2)
        durationWithinRange = entries.share { entry in
            let range = entry.prediction.duration
            return range.low <= entry.observed.durationMilliseconds
                && entry.observed.durationMilliseconds <= range.high
        }
        downtimeWithinFactorTwo = entries.filter { $0.observed.downtimeMilliseconds != nil }
            .share { entry in
                let predicted = Double(max(1, entry.step.estimate.downtimeMilliseconds))
                let observed = Double(max(1, entry.observed.downtimeMilliseconds ?? 0))
                return observed <= 2 * predicted && predicted <= 2 * observed
            }
        transferredMedianError = entries.compactMap { entry in
            entry.observed.transferred.flatMap { seen in
                seen > .zero
                    ? abs(Double(entry.step.estimate.transferred.count) - Double(seen.count))
                        / Double(seen.count) : nil
            }
        }.sorted().rank(1, of: 2)
    }
}

extension [Double] {
    /// The value that this part of the ascending values does not exceed.
    fileprivate func rank(_ part: Int, of parts: Int) -> Double? {
        isEmpty ? nil : self[Swift.min(count - 1, (count * part + parts - 1) / parts - 1)]
    }
}

extension [DoneTransfer] {
    fileprivate func share(_ isMet: (Element) -> Bool) -> Double? {
        isEmpty ? nil : Double(filter(isMet).count) / Double(count)
    }
}
