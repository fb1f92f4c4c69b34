import ClusterModel
package import Operations

/// How good estimates were, as people read it.
extension AccuracyReport {
    package var text: String {
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
