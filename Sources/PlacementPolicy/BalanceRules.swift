/// When a fleet counts as out of balance, and how much moving that is worth. Shares are in
/// hundredths of a percent of what a host may give: 2000 is 20 points.
package struct BalanceRules: Hashable, Sendable {
    /// What load is evened out; the others are only kept within their limits.
    package enum Measure: String, Hashable, Sendable, CaseIterable {
        case memory, cpu
    }

    package var measures = Measure.allCases
    /// The fullest host may be this much fuller than the emptiest.
    package var spread: Int64 = 2000
    /// A host above this is overloaded, and relieved before anything else.
    package var memoryLimit: Int64 = 9000
    package var cpuLimit: Int64 = 8500
    /// A plan must lower overload, spread or peak by this part of what it was; so must each stretch
    /// of it that costs more moves.
    package var minGain: Int64 = 1000
    /// Moves in one plan; nil for no limit.
    package var maxMoves: Int?
    /// Moves in one plan beyond those that relieve overloaded hosts, as a part of the domains that
    /// run; the whole for no limit.
    package var maxMovesForSpread: Int64 = 300

    /// In a small fleet a part of the domains would be one move or none.
    package static let movesForSpreadAtLeast = 10

    package init() {}

    /// Moves in one plan beyond those that relieve overloaded hosts; nil for no limit.
    package func movesForSpread(of domains: Int) -> Int? {
        if maxMovesForSpread >= 10_000 { return nil }
        return max(
            Self.movesForSpreadAtLeast, (domains * Int(maxMovesForSpread) + 9_999) / 10_000)
    }

    package func limit(_ measure: Measure) -> Int64 {
        switch measure {
        case .memory: memoryLimit
        case .cpu: cpuLimit
        }
    }
}
