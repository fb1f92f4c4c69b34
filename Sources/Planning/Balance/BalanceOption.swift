/// One point of the frontier of moves against balance: what this many moves would gain. Percentages
/// of what hosts may give, with one decimal.
package struct BalanceOption: Hashable, Sendable {
    package var moves: Int
    package var memoryPeak: Double
    package var cpuPeak: Double
    /// Widest gap between the fullest and the emptiest host.
    package var spread: Double
    /// Points above the limits, summed over the hosts.
    package var overload: Double
    /// No plan with as many moves has a lower memory peak.
    package var memoryBound: Double
    /// Is it what the plan takes?
    package var isChosen: Bool
}
