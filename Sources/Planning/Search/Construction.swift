/// Places units one by one, hardest first: the fewest possible hosts, then the biggest share of a
/// typical host. Worst fit (the emptiest target) keeps the fleet even; best fit (the fullest that
/// still takes it) keeps room for big ones. Among the emptiest, hosts that hold a domain in one
/// NUMA cell come first. O(units × hosts × resources).
struct Construction {
    /// Which of the hosts that fit is taken.
    enum Fit: CaseIterable {
        case emptiest, fullest
    }

    /// Takes the given units out and places those that it can; returns the others, hardest first.
    static func place(
        _ pending: [Int], on state: inout UnitPlacement, targets: [Int], fit: Fit
    ) -> [Int] {
        var left: [Int] = []
        for unit in pending {
            if let target = target(for: unit, on: &state, among: targets, fit: fit) {
                state.place(unit, on: target)
            } else {
                left.append(unit)
            }
        }
        return left
    }

    /// The order in which units are placed.
    static func hardestFirst(_ pending: [Int], on state: UnitPlacement, targets: [Int]) -> [Int] {
        let problem = state.problem
        var typical = [Int64](repeating: 0, count: problem.width)
        for target in targets {
            for resource in 0..<problem.width {
                typical[resource] = max(
                    typical[resource], problem.capacity[target * problem.width + resource])
            }
        }
        let isTarget = Set(targets)
        // As many for all of a kind.
        var known: [Compatibility.SourceKind: Int] = [:]
        func choices(of unit: Int) -> Int {
            let kind = isTarget.contains(state.origin(of: unit)) ? nil : state.kind(of: unit)
            if let count = kind.flatMap({ known[$0] }) { return count }
            let count = targets.reduce(0) { $0 + (state.allows(unit, on: $1) ? 1 : 0) }
            if let kind { known[kind] = count }
            return count
        }
        let keys = pending.map { unit in
            var share: Int64 = 0
            for resource in 0..<problem.width {
                let demand = state.units.members[unit].reduce(Int64(0)) {
                    $0 + problem.load(of: $1, resource)
                }
                share = max(share, WorkingPlacement.share(demand, of: typical[resource]))
            }
            return (unit: unit, choices: choices(of: unit), share: share)
        }
        return keys.sorted {
            ($0.choices, -$0.share, $0.unit) < ($1.choices, -$1.share, $1.unit)
        }.map(\.unit)
    }

    private static func target(
        for unit: Int, on state: inout UnitPlacement, among targets: [Int], fit: Fit
    ) -> Int? {
        var best: (target: Int, isSecond: Bool, share: Int64)?
        // The cheapest question first: most targets are no better than the best so far.
        for target in targets {
            let share = state.share(of: target, adding: unit)
            let isSecond = fit == .emptiest && state.isSecondChoice(target, for: unit, share: share)
            let isBetter =
                switch fit {
                case .emptiest:
                    best.map { $0.isSecond != isSecond ? $0.isSecond : share < $0.share } ?? true
                case .fullest: share > best?.share ?? -1
                }
            if isBetter, state.fits(unit, on: target), state.allows(unit, on: target) {
                best = (target, isSecond, share)
            }
        }
        return best?.target
    }
}
