/// Filling hosts that stayed empty below an even peak.
extension CeilingRepair {
    /// Brings one more unit to the emptiest host, from one of the fullest, where the spread is
    /// widest; false when nothing fits.
    mutating func lift(_ view: BalanceView, budget: Int) -> Bool {
        guard let widest = widestGap(view) else { return false }
        let order = view.hosts.indices.sorted {
            (widest.shares[$0], $0) < (widest.shares[$1], $1)
        }
        guard let coldest = order.first, targets.contains(view.hosts[coldest]) else { return false }
        for donor in order.reversed().prefix(8) {
            let (from, to) = (view.hosts[donor], view.hosts[coldest])
            let most = widest.shares[donor]
            let unit = gift(from: from, to: to, widest.resources, below: most, .largest)
            guard let unit, moved + extra(unit) <= budget else { continue }
            shift(unit, to: to)
            return true
        }
        return false
    }

    /// Brings from the fullest host to the emptiest, where the spread is widest, the unit that comes
    /// nearest to making them alike: what lasts longest of what one move can do. False when none fits.
    mutating func halve(_ view: BalanceView, budget: Int) -> Bool {
        guard let (gap, resources, shares) = widestGap(view),
            let emptiest = view.hosts.indices.min(by: { (shares[$0], $0) < (shares[$1], $1) }),
            let fullest = view.hosts.indices.max(by: { (shares[$0], $1) < (shares[$1], $0) })
        else { return false }
        let (from, to) = (view.hosts[fullest], view.hosts[emptiest])
        guard targets.contains(to) else { return false }
        let middle = shares[emptiest] + gap / 2
        let unit = gift(
            from: from, to: to, resources, below: shares[fullest], .nearest(middle), budget: budget)
        guard let unit else { return false }
        shift(unit, to: to)
        return true
    }

    private func widestGap(
        _ view: BalanceView
    ) -> (gap: Int64, resources: Range<Int>, shares: [Int64])? {
        let load = state.placement.load
        var widest: (gap: Int64, resources: Range<Int>, shares: [Int64])?
        for measure in view.measures {
            let shares = view.hosts.map { view.share(of: $0, measure.resources, load) }
            let gap = (shares.max() ?? 0) - (shares.min() ?? 0)
            if gap > widest?.gap ?? 0 { widest = (gap, measure.resources, shares) }
        }
        return widest
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
            let first = state.units.members[unit][0]
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
