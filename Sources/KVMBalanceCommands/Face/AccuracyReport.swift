import ClusterModel

/// Predicted against observed, over many migrations: for people and for programs.
struct AccuracyReport: Encodable {
    /// What one group of migrations came to. Errors are relative to what was observed.
    struct Group: Encodable {
        /// nil in the group of all.
        var source: HostName?
        var target: HostName?
        var migrations = 0
        var durationMedianError: Double?
        var durationP90Error: Double?
        /// Observed over predicted: above one, it took longer than was said.
        var durationBias: Double?
        var durationWithinRange: Double?
        var downtimeWithinFactorTwo: Double?
        var transferredMedianError: Double?

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

    var all: Group
    var pairs: [Group]
    /// Left out of the figures: helped on their way (a longer pause, post-copy, a second attempt).
    var helped: Int

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
    fileprivate init(_ entries: [TransferHistory.Entry]) {
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

extension [TransferHistory.Entry] {
    fileprivate func share(_ isMet: (Element) -> Bool) -> Double? {
        isEmpty ? nil : Double(filter(isMet).count) / Double(count)
    }
}

extension AccuracyReport {
    var text: String {
        guard all.migrations > 0 else {
            return "No migration in the journal has both an estimate and observed figures."
        }
        var table = Table(
            "FROM", "TO", ">MIGRATIONS", ">MEDIAN", ">90 %", ">TOOK/SAID", ">IN RANGE",
            ">DOWNTIME x2", ">SENT")
        for group in pairs + [all] {
            table.add(
                group.source?.rawValue ?? "all", group.target?.rawValue ?? "",
                "\(group.migrations)", Format.percent(group.durationMedianError),
                Format.percent(group.durationP90Error),
                group.durationBias.map { "\((($0 * 100).rounded()) / 100)" } ?? "?",
                Format.percent(group.durationWithinRange),
                Format.percent(group.downtimeWithinFactorTwo),
                Format.percent(group.transferredMedianError))
        }
        var lines = [
            "Relative error of estimated durations (median, 90th percentile), how often they were "
                + "within their error",
            "bar and downtimes within a factor of two, and the median "
                + "error of bytes sent:", "", table.text,
        ]
        if helped > 0 {
            lines += [
                "",
                "\(Format.plural(helped, "migration")) excluded: limits were raised meanwhile.",
            ]
        }
        return lines.joined(separator: "\n")
    }
}
