/// The part of a policy that tells what hosts draw.
extension PolicyReader {
    /// Beyond this it is no server.
    private static let mostMilliwatts: Int64 = 100_000_000

    static func power(_ table: YAMLTable) throws(PolicyError) -> [PowerRule] {
        var rules: [PowerRule] = []
        for entry in try table.tables("power", keys: vocabulary["power"] ?? []) {
            let curve: PowerCurve
            if entry.has("watts") {
                for key in ["idle", "max"] where entry.has(key) {
                    throw entry.error(
                        "'watts' already covers the whole range: leave '\(key)' out", at: key)
                }
                curve = try steps(entry)
            } else {
                let idle = try entry.required(watts(entry, "idle"), "idle")
                let most = try entry.required(watts(entry, "max"), "max")
                guard idle <= most else {
                    throw entry.error("'\(entry.path).max' is less than 'idle'", at: "max")
                }
                curve = PowerCurve(milliwatts: [idle, most])
            }
            rules.append(
                PowerRule(hosts: try patterns(entry, "hosts") ?? ["*"], curve: curve))
        }
        return rules
    }

    private static func watts(_ table: YAMLTable, _ key: String) throws(PolicyError) -> Int64? {
        try table.scalar(key, "a power in watts with its unit, such as 93.7 W") { milliwatts($0) }
    }

    private static func steps(_ table: YAMLTable) throws(PolicyError) -> PowerCurve {
        var steps: [Int64] = []
        for text in try table.strings("watts") ?? [] {
            guard let value = milliwatts(text) else {
                throw table.error(
                    "'\(table.path).watts' holds '\(text)', but must hold powers with their unit, "
                        + "such as 93.7 W", at: "watts")
            }
            steps.append(value)
        }
        guard (2...101).contains(steps.count) else {
            throw table.error(
                "'\(table.path).watts' holds \(steps.count) values, but must hold 2 to 101: at "
                    + "equal steps of load, from idle to full", at: "watts")
        }
        return PowerCurve(milliwatts: steps)
    }

    private static func milliwatts(_ text: String) -> Int64? {
        Quantity.milliwatts(text).flatMap { (0...mostMilliwatts).contains($0) ? $0 : nil }
    }
}
