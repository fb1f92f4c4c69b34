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
            let unit = gift(from: from, to: to, widest.resources, most: widest.shares[donor])
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
        let aim = shares[emptiest] + gap / 2
        var best: (unit: Int, miss: Int64)?
        for unit in leaving(from) where moved + extra(unit) <= budget {
            let share = state.share(of: to, adding: unit, resources)
            let miss = abs(share - aim)
            guard share < shares[fullest], miss < best?.miss ?? Int64.max,
                underCeiling(unit, on: to), state.allows(unit, on: to),
                fitsElsewhere(unit, on: to)
            else { continue }
            best = (unit, miss)
        }
        guard let best else { return false }
        shift(best.unit, to: to)
        return true
    }

    private func widestGap(
        _ view: BalanceView
    ) -> (gap: Int64, resources: [Int], shares: [Int64])? {
        let load = state.placement.load
        var widest: (gap: Int64, resources: [Int], shares: [Int64])?
        for measure in view.measures {
            let shares = view.hosts.map { view.share(of: $0, measure.resources, load) }
            let gap = (shares.max() ?? 0) - (shares.min() ?? 0)
            if gap > widest?.gap ?? 0 { widest = (gap, Array(measure.resources), shares) }
        }
        return widest
    }

    /// Units of a host that may leave it, each once.
    private func leaving(_ host: Int) -> [Int] {
        state.placement.residents[host].compactMap { domain in
            let unit = state.units.unit[domain]
            return state.isMovable[unit] && state.units.members[unit][0] == domain ? unit : nil
        }
    }

    /// The largest unit that leaves the taker no fuller than the giver was.
    private mutating func gift(
        from giver: Int, to taker: Int, _ resources: [Int], most: Int64
    ) -> Int? {
        var best: (unit: Int, size: Int64)?
        for unit in leaving(giver) {
            let size =
                resources.map { state.problem.load(of: state.units.members[unit][0], $0) }.max()
                ?? 0
            guard size > best?.size ?? 0, underCeiling(unit, on: taker),
                state.share(of: taker, adding: unit, resources) < most,
                state.allows(unit, on: taker),
                fitsElsewhere(unit, on: taker)
            else { continue }
            best = (unit, size)
        }
        return best?.unit
    }
}
