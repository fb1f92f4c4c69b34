/// Filling hosts that stayed empty below an even peak.
extension OverloadRepair {
    /// Brings one more unit to the emptiest host, from one of the fullest, where the spread is
    /// widest; false when nothing fits.
    mutating func fillEmptiest(_ view: BalanceView, _ shares: inout HostShares, budget: Int) -> Bool
    {
        guard let measure = shares.widest else { return false }
        guard let coldest = shares.emptiest(1, by: measure).first,
            targets.contains(view.hosts[coldest])
        else { return false }
        for donor in shares.first(8, by: measure, >) {
            let (from, to) = (view.hosts[donor], view.hosts[coldest])
            let most = shares.shares[measure][donor]
            let unit = gift(
                from: from, to: to, view.measures[measure].resources, below: most, .largest)
            guard let unit, moved + extra(unit) <= budget else { continue }
            give(unit, from, to, &shares)
            return true
        }
        return false
    }

    /// Hosts that are looked at from either end, where the fullest cannot give or the emptiest not
    /// take.
    private static let givers = 32
    private static let takers = 4

    /// Brings from the fullest host to the emptiest, where the spread is widest, the unit that
    /// comes nearest to making them alike: what lasts longest of what one move can do. A host that
    /// can give nothing does not hold up the next. False when none fits.
    mutating func halveWidestGap(_ view: BalanceView, _ shares: inout HostShares, budget: Int)
        -> Bool
    {
        guard let measure = shares.widest else { return false }
        let resources = view.measures[measure].resources
        let full = shares.shares[measure]
        // Of hosts that are as full the first, at either end.
        let givers = shares.first(Self.givers, by: measure) {
            ($1.share, $0.position) < ($0.share, $1.position)
        }
        for taker in shares.emptiest(Self.takers, by: measure)
        where targets.contains(view.hosts[taker]) {
            for giver in givers where full[giver] > full[taker] {
                let (from, to) = (view.hosts[giver], view.hosts[taker])
                let unit = gift(
                    from: from, to: to, resources, below: full[giver],
                    .nearest((full[taker] + full[giver]) / 2), budget: budget)
                guard let unit else { continue }
                give(unit, from, to, &shares)
                return true
            }
        }
        return false
    }

    private mutating func give(
        _ unit: Int, _ from: Int, _ to: Int, _ shares: inout HostShares
    ) {
        shift(unit, to: to)
        shares.update(from, state.placement.load)
        shares.update(to, state.placement.load)
    }

    private enum Wish {
        case largest
        /// Leaves the taker as full as this, as nearly as may be.
        case nearest(Int64)
    }

    /// The unit with a load that leaves the taker less full than `most` and fulfils the wish best.
    private mutating func gift(
        from giver: Int, to taker: Int, _ resources: Range<Int>, below most: Int64, _ wish: Wish,
        budget: Int = Int.max
    ) -> Int? {
        var best: (unit: Int, rank: Int64)?
        for unit in leaving(giver) where moved + extra(unit) <= budget {
            let first = state.units.first[unit]
            let size = resources.map { state.problem.load(of: first, $0) }.max() ?? 0
            let share = state.share(of: taker, adding: unit, resources)
            let rank =
                switch wish {
                case .largest: -size
                case .nearest(let aim): abs(share - aim)
                }
            guard size > 0, share < most, rank < best?.rank ?? Int64.max,
                underCeiling(unit, on: taker), state.allows(unit, on: taker),
                fitsElsewhere(unit, on: taker)
            else { continue }
            best = (unit, rank)
        }
        return best?.unit
    }
}
