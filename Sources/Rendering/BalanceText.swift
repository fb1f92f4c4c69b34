import ClusterModel
import Operations

/// How far a balance goes, against what the policy asks for.
struct BalanceText {
    let plan: MigrationPlan
    let width: Int?

    /// Nothing for other plans, and where nothing had to be evened out.
    var text: String? {
        guard plan.kind == .balance, let score = plan.score,
            let before = score.before["spread_points"], let after = score.after["spread_points"]
        else { return nil }
        let asked = score.asked["spread_points"]
        if plan.steps.isEmpty {
            guard let asked, after > asked else { return nil }
            return Format.wrapped(
                "Spread: \(points(after)); the policy's target is \(Self.number(asked)). \(why)",
                indent: 2, width: width)
        }
        let wish = asked.map { "; the policy's target is \(Self.number($0))" } ?? ""
        let rest = asked.map { after > $0 } ?? false ? " \(why)" : ""
        return Format.wrapped(
            "Spread: \(Self.number(before)) points before, \(Self.number(after)) after\(wish)."
                + "\(peaks(score))\(rest)", indent: 2, width: width)
    }

    private func peaks(_ score: PlanScore) -> String {
        let parts = [
            ("memory", "busiest_host_memory_percent"), ("CPU", "busiest_host_cpu_percent"),
        ].compactMap { name, figure -> String? in
            guard let before = score.before[figure], let after = score.after[figure] else {
                return nil
            }
            return before == after
                ? "\(name) \(Self.number(after)) %"
                : "\(name) \(Self.number(before)) % before, \(Self.number(after)) % after"
        }
        return parts.isEmpty ? "" : " Fullest host: \(parts.joined(separator: "; "))."
    }

    /// Why it goes no further.
    private var why: String {
        let asked = plan.score?.asked ?? [:]
        let steps = Double(plan.steps.count)
        if let most = asked["moves"], steps >= most {
            return "Limited to \(Format.plural(Int(most), "migration")) "
                + "(--moves, or balance.maxMoves)."
        }
        guard let most = asked["moves_for_spread"] else {
            return "Further moves would gain less than balance.minGain."
        }
        let limit = Format.plural(Int(most), "migration")
        if steps >= most {
            return "If no host is overloaded, a plan makes at most \(limit) "
                + "(balance.maxMovesForSpread); --moves N allows more."
        }
        return "Further moves would gain less than they cost (balance.minGain, "
            + "balance.maxMovesForSpread); --moves N goes further."
    }

    private func points(_ value: Double) -> String { "\(Self.number(value)) points" }

    private static func number(_ value: Double) -> String {
        value == value.rounded() ? "\(Int(value))" : "\(value)"
    }
}
