/// The parts of a policy that one goal reads: `balance`, `consolidate`, `rollingReboot`.
extension PolicyReader {
    static func balance(_ table: YAMLTable) throws(PolicyError) -> BalanceRules {
        var rules = BalanceRules()
        if let names = try table.strings("resources") {
            var measures: [BalanceRules.Measure] = []
            for name in names {
                guard let measure = BalanceRules.Measure(rawValue: name) else {
                    throw table.error(
                        "'balance.resources' holds '\(name)', but must hold memory, cpu or both",
                        at: "resources")
                }
                if !measures.contains(measure) { measures.append(measure) }
            }
            guard !measures.isEmpty else {
                throw table.error(
                    "'balance.resources' is empty, but must hold memory, cpu or both",
                    at: "resources")
            }
            rules.measures = BalanceRules.Measure.allCases.filter { measures.contains($0) }
        }
        rules.spread = try percent(table, "spread") ?? rules.spread
        rules.minGain = try percent(table, "minGain") ?? rules.minGain
        rules.maxMoves = try whole(table, "maxMoves", 1...100_000)
        rules.maxMovesForSpread =
            try percent(table, "maxMovesForSpread") ?? rules.maxMovesForSpread
        if let limits = try section(table, "limits") {
            rules.memoryLimit = try percent(limits, "memory") ?? rules.memoryLimit
            rules.cpuLimit = try percent(limits, "cpu") ?? rules.cpuLimit
        }
        return rules
    }

    static func consolidate(_ table: YAMLTable) throws(PolicyError) -> ConsolidateRules {
        var rules = ConsolidateRules()
        if let limits = try section(table, "limits") {
            rules.memoryLimit = try percent(limits, "memory") ?? rules.memoryLimit
            rules.cpuLimit = try percent(limits, "cpu") ?? rules.cpuLimit
        }
        rules.keep = try patterns(table, "keep") ?? []
        rules.minActive = try whole(table, "minActive", 1...100_000) ?? rules.minActive
        rules.minEmptied = try whole(table, "minEmptied", 1...100_000) ?? rules.minEmptied
        rules.maxMoves = try whole(table, "maxMoves", 1...100_000)
        return rules
    }

    static func reboot(_ table: YAMLTable) throws(PolicyError) -> RebootRules {
        var rules = RebootRules()
        rules.hostsPerRound = try whole(table, "hostsPerRound", 1...100_000)
        rules.bringBack = try flag(table, "bringBack")
        return rules
    }

    /// `20 %` or `2.5%`, in hundredths of a percent.
    static func percent(_ table: YAMLTable, _ key: String) throws(PolicyError) -> Int64? {
        try table.scalar(key, "a percentage from 0 % to 100 %, such as 20 %") { text in
            guard text.hasSuffix("%") else { return nil }
            var digits = text.dropLast()
            if digits.last == " " { digits = digits.dropLast() }
            guard let thousandths = Quantity.thousandths(String(digits)),
                (0...100_000).contains(thousandths)
            else { return nil }
            return thousandths / 10
        }
    }
}
