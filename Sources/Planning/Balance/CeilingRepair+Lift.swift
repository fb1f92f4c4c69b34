/// Filling hosts that stayed empty below an even peak.
extension CeilingRepair {
    /// Brings one more unit to the emptiest host, from one of the fullest, where the spread is
    /// widest; false when nothing fits.
    mutating func lift(_ view: BalanceView, budget: Int) -> Bool {
        let load = state.placement.load
        var widest: (gap: Int64, resources: Range<Int>, shares: [Int64])?
        for measure in view.measures {
            let shares = view.hosts.map { view.share(of: $0, measure.resources, load) }
            let gap = (shares.max() ?? 0) - (shares.min() ?? 0)
            if gap > widest?.gap ?? 0 { widest = (gap, measure.resources, shares) }
        }
        guard let widest else { return false }
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

    /// The largest unit that leaves the taker no fuller than the giver was.
    private mutating func gift(
        from giver: Int, to taker: Int, _ resources: Range<Int>, most: Int64
    ) -> Int? {
        var best: (unit: Int, size: Int64)?
        for domain in state.placement.residents[giver] {
            let unit = state.units.unit[domain]
            guard state.isMovable[unit], state.units.members[unit][0] == domain else { continue }
            let size = resources.map { state.problem.load(of: domain, $0) }.max() ?? 0
            guard size > best?.size ?? 0, underCeiling(unit, on: taker),
                state.share(of: taker, adding: unit) < most, state.allows(unit, on: taker),
                fitsElsewhere(unit, on: taker)
            else { continue }
            best = (unit, size)
        }
        return best?.unit
    }
}
