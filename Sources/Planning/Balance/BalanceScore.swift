import PlacementPolicy

/// How well a placement is balanced, as integers that compare from the most important down; smaller
/// is better.
struct BalanceScore: Hashable, Comparable {
    /// Hundredths of a percent above the limits, summed over hosts and measures.
    var overload: Int64 = 0
    /// The peaks of the driven measures, summed: each in its own scale.
    var peak: Int64 = 0
    /// Squares of the shares of all hosts in all measures: evens out what lies below the peak.
    var squares: Int64 = 0
    /// Widest gap between the fullest host and the emptiest in any measure. Not compared: a wide
    /// gap alone, under an even peak, is only an empty host.
    var spread: Int64 = 0

    init(_ view: BalanceView, _ load: [Int64]) { self.init(view, shares: view.shares(load)) }

    /// From the shares of the view's hosts, by measure. Hosts that must stay above a limit count as
    /// overloaded, and not for its peak and spread.
    init(_ view: BalanceView, shares: [[Int64]]) {
        for (measure, shares) in zip(view.measures, shares) {
            var (highest, lowest) = (Int64(0), Int64.max)
            for (share, isFixed) in zip(shares, measure.isFixed) {
                overload += max(0, share - measure.limit)
                if isFixed { continue }
                highest = max(highest, share)
                lowest = min(lowest, share)
                squares += share * share / 100
            }
            if measure.isDriven { peak += highest }
            spread = max(spread, highest - min(lowest, highest))
        }
    }

    static func < (left: Self, right: Self) -> Bool {
        (left.overload, left.peak, left.squares) < (right.overload, right.peak, right.squares)
    }

    /// Is nothing left to be done under these rules?
    func isEnough(_ rules: BalanceRules) -> Bool { overload == 0 && spread <= rules.spread }
}
