import PlacementPolicy

/// Is a placement so much better than another that moving is worth it?
///
/// What is gained is held against what could be gained: overload against that of the hosts that are
/// relieved, not of the whole fleet; where so few moves are allowed that they cannot change the
/// fleet's spread, unevenness against that of the hosts that they touch.
struct BalanceWorth {
    private let view: BalanceView
    private let rules: BalanceRules
    /// So many moves may cost as much as the least gain; each as many more must gain as much again.
    /// nil where moves are limited otherwise.
    private let handful: Int?
    /// Are there too few moves to change the fleet's spread or peak by the least gain?
    private let isBound: Bool

    /// `most` moves are allowed; `isPriced` where nobody said how many moves evening out may cost.
    init(_ view: BalanceView, start: [[Int64]], most: Int, isPriced: Bool) {
        self.view = view
        rules = view.problem.policy.balance
        handful = isPriced ? max(5, view.problem.domains.count / 100) : nil
        isBound = Self.isBound(view, start, most, rules.minGain)
    }

    /// To lower the spread by a part of it, either all of the fullest hosts must give, or all of
    /// the emptiest take: one move each at least.
    private static func isBound(
        _ view: BalanceView, _ start: [[Int64]], _ most: Int, _ minGain: Int64
    ) -> Bool {
        guard most < Int.max else { return false }
        var widest: (shares: [Int64], peak: Int64, least: Int64)?
        for (measure, shares) in zip(view.measures, start) where measure.isDriven {
            let others = zip(shares, measure.isFixed).filter { !$1 }.map(\.0)
            guard let peak = others.max(), let least = others.min() else { continue }
            if peak - least > widest.map({ $0.peak - $0.least }) ?? 0 {
                widest = (others, peak, least)
            }
        }
        guard let (shares, peak, least) = widest else { return false }
        let part = (peak - least) * minGain / 20_000
        return shares.count { $0 > peak - part } > most
            && shares.count { $0 < least + part } > most
    }

    /// `isFree` leaves out of account how many moves it costs.
    func isWorth(
        _ point: BalanceSearch.Point, over other: BalanceSearch.Point, isFree: Bool = false
    ) -> Bool {
        guard point.score < other.score else { return false }
        if point.score.overload != other.score.overload { return relieves(point, other) }
        let moves = isFree ? 0 : max(0, point.moves - other.moves)
        if gains(point.score.spread, other.score.spread, moves)
            || gains(point.score.peak, other.score.peak, moves)
        {
            return true
        }
        return isBound && brings(point, other)
    }

    private func gains(_ now: Int64, _ before: Int64, _ moves: Int) -> Bool {
        let unit = Int64(handful ?? 1)
        let price = rules.minGain * (handful == nil ? unit : max(unit, Int64(moves)))
        return now < before && (before - now) * 10_000 * unit >= before * price
    }

    /// All that is gained, against what one of the hosts that are relieved has too much.
    private func relieves(_ point: BalanceSearch.Point, _ other: BalanceSearch.Point) -> Bool {
        var least = Int64.max
        for (index, measure) in view.measures.enumerated() {
            for (now, before) in zip(point.shares[index], other.shares[index])
            where now < before && before > measure.limit {
                least = min(least, before - measure.limit)
            }
        }
        let gain = other.score.overload - point.score.overload
        return least < Int64.max && gain * 10_000 >= least * rules.minGain
    }

    /// Of what the hosts that are touched lie outside of the policy's spread, around the mean.
    private func brings(_ point: BalanceSearch.Point, _ other: BalanceSearch.Point) -> Bool {
        var (now, before) = (Int64(0), Int64(0))
        for (index, measure) in view.measures.enumerated() where measure.isDriven {
            func outside(_ share: Int64) -> Int64 {
                max(0, abs(share - measure.mean) - rules.spread / 2)
            }
            for (new, old) in zip(point.shares[index], other.shares[index]) where new != old {
                now += outside(new)
                before += outside(old)
            }
        }
        return now < before && (before - now) * 10_000 >= before * rules.minGain
    }
}
