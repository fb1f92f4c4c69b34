import ClusterModel

/// The parts of a policy that the timer reads: `rebalance`, and the period of `demand`.
extension PolicyReader {
    static func rebalance(_ table: YAMLTable) throws(PolicyError) -> RebalanceRules {
        var rules = RebalanceRules()
        rules.aim =
            try table.scalar("aim", "overload, spread or consolidate") {
                RebalanceRules.Aim(rawValue: $0)
            } ?? rules.aim
        rules.looks = try whole(table, "looks", 1...60) ?? rules.looks
        rules.held = try whole(table, "held", 1...60) ?? min(rules.held, rules.looks)
        guard rules.held <= rules.looks else {
            throw table.error(
                "'rebalance.held' is \(rules.held), but there are only \(rules.looks) looks",
                at: table.has("held") ? "held" : "looks")
        }
        rules.calm = try percent(table, "calm") ?? rules.calm
        rules.residenceSeconds = try seconds(table, "residence") ?? rules.residenceSeconds
        rules.restSeconds = try seconds(table, "rest") ?? rules.restSeconds
        rules.restAtMostSeconds =
            try seconds(table, "restAtMost") ?? max(rules.restAtMostSeconds, rules.restSeconds)
        guard rules.restSeconds <= rules.restAtMostSeconds else {
            throw table.error(
                "'rebalance.restAtMost' is shorter than 'rebalance.rest'", at: "restAtMost")
        }
        rules.emptyAfterSeconds = try seconds(table, "emptyAfter") ?? rules.emptyAfterSeconds
        rules.settleSeconds = try seconds(table, "settle") ?? rules.settleSeconds
        rules.movesPerHour = try whole(table, "movesPerHour", 1...100_000)
        for text in try table.strings("quiet") ?? [] {
            guard let quiet = QuietHours(text) else {
                throw table.error(
                    "'rebalance.quiet' holds '\(text)', but must hold times such as 08:00-18:00 or "
                        + "Mon-Fri 22:00-06:00, in UTC", at: "quiet")
            }
            rules.quiet.append(quiet)
        }
        return rules
    }

    static func demand(_ table: YAMLTable) throws(PolicyError) -> DemandWindow {
        var window: DemandWindow
        if let foreseen = try foreseen(table) {
            window = foreseen
        } else {
            window = try fixed(table)
        }
        window.assumedPerVCPU =
            try cpus(table, "assumedPerVCPU", upTo: .cpus(100)) ?? window.assumedPerVCPU
        window.maxAgeSeconds = try seconds(table, "maxAge") ?? window.maxAgeSeconds
        return window
    }

    /// `window: auto` leaves nothing to say; nil for any other window.
    private static func foreseen(_ table: YAMLTable) throws(PolicyError) -> DemandWindow? {
        let window = try table.scalar("window", "a time or auto") { $0 }
        guard window == "auto" else { return nil }
        for key in ["percentile", "deviations", "slots", "period"] where table.has(key) {
            throw table.error(
                "'demand.\(key)' is for windows of a length: 'window: auto' finds it out for each "
                    + "domain. Remove one of the two", at: key)
        }
        return .foreseen
    }

    private static func fixed(_ table: YAMLTable) throws(PolicyError) -> DemandWindow {
        var window = DemandWindow()
        window.windowSeconds =
            try table.scalar(
                "window",
                "a time above zero with a unit: s, m, h or d, such as 15m, of "
                    + "\(Quantity.mostSeconds / 86_400)d at most, or auto"
            ) { Quantity.seconds($0).flatMap { $0 > 0 ? $0 : nil } } ?? window.windowSeconds
        let percentile = try percentile(table)
        window.usesMean = percentile == .mean
        if case .rank(let rank) = percentile { window.percentile = rank }
        window.slots = try whole(table, "slots", 1...96) ?? window.slots
        window.periodSeconds = try period(table)
        window.deviationThousandths = try deviations(table, window)
        return window
    }

    /// What stands for a slot.
    enum SlotFigure: Equatable { case mean, rank(Int) }

    static func percentile(_ table: YAMLTable) throws(PolicyError) -> SlotFigure? {
        try table.scalar(
            "percentile", "a whole number from 1 to 100, without a unit, or 'mean'"
        ) { text in
            text == "mean"
                ? .mean : Int(text).flatMap { (1...100).contains($0) ? .rank($0) : nil }
        }
    }

    /// In thousandths. Percentiles hold the peaks already; of times of the day only the worst is
    /// kept.
    static func deviations(
        _ table: YAMLTable, _ demand: DemandWindow
    ) throws(PolicyError) -> Int64 {
        let number = try table.scalar("deviations", "a number from 0 to 6, such as 1.5") {
            Quantity.thousandths($0).flatMap { (0...6000).contains($0) ? $0 : nil }
        }
        guard let number, number > 0 else { return 0 }
        guard demand.usesMean, demand.periodSeconds == nil else {
            throw table.error(
                "'demand.deviations' is for means: it needs 'percentile: mean', and no 'period'",
                at: "deviations")
        }
        return number
    }

    static func period(_ table: YAMLTable) throws(PolicyError) -> Int64? {
        try table.scalar("period", "1d or 1w") { text in
            text == "1d" ? 86_400 : text == "1w" ? 7 * 86_400 : nil
        }
    }
}
