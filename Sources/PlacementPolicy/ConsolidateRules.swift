/// How far a fleet may be squeezed together, and what it must be worth. Shares are in hundredths of
/// a percent of what a host may give.
package struct ConsolidateRules: Hashable, Sendable {
    /// No host that stays in use is filled above these; one that is above already takes nothing.
    /// Well below where `balance` calls a host overloaded, so that the two do not undo each other.
    package var memoryLimit: Int64 = 8500
    package var cpuLimit: Int64 = 7500
    /// Hosts that are never emptied.
    package var keep: [NamePattern] = []
    /// So many hosts stay in use at least.
    package var minActive = 1
    /// A plan that empties fewer hosts is not worth its moves.
    package var minEmptied = 1
    /// Moves in one plan; nil for no limit.
    package var maxMoves: Int?

    package init() {}
}
