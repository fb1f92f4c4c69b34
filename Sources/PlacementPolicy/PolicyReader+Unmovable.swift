import ClusterModel

/// What a drain does with guests that cannot be moved.
extension PolicyReader {
    /// One word for all guests, or lists of names by word, and a word for the `others`.
    static func unmovable(_ table: YAMLTable) throws(PolicyError) -> UnmovableRules? {
        let words = UnmovableAction.allCases.map(\.rawValue)
        let expected = words.dropLast().joined(separator: ", ") + " or \(words.last ?? "")"
        if table.isScalar("unmovable") {
            return try table.scalar("unmovable", "\(expected), or a mapping of them") {
                UnmovableAction(rawValue: $0)
            }.flatMap { $0 == .stay ? nil : UnmovableRules($0) }
        }
        guard let lists = try section(table, "unmovable") else { return nil }
        var rules = UnmovableRules()
        rules.others =
            try lists.scalar("others", expected) { UnmovableAction(rawValue: $0) } ?? .stay
        // Whoever names one guest twice is not to find it shut down by the order of a table.
        for action in [UnmovableAction.stay, .cold, .save, .shutdown] {
            guard let domains = try lists.strings(action.rawValue), !domains.isEmpty else {
                continue
            }
            rules.rules.append(UnmovableRules.Rule(action, domains))
        }
        return rules == UnmovableRules() ? nil : rules
    }
}
