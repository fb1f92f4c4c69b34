/// Finds a place for units that fit nowhere as things are, by moving others out of their way.
///
/// Depth-first: a unit is put on a host even where that breaks something; then one after another of
/// those that could repair it is taken out and joins the units to be placed. A unit that was placed
/// on the way is never taken out again, so the search ends; and as no constraint is repaired by
/// adding a domain, it finds an assignment whenever one exists, unless the budget ends it first.
/// Deepened step by step in the number of residents that move, so that few moves are found before
/// many.
///
/// Source: ejection chains, F. Glover (1996). Exponential at worst; bounded by `budget` trials.
struct EjectionSearch {
    private(set) var state: UnitPlacement
    let targets: [Int]
    /// Is the unit moved anyway? Its second thoughts cost no additional move.
    private let isFree: [Bool]
    private var isLocked: [Bool]
    private var budget = 0
    /// Did some branch end for want of budget, or because it would have moved one resident too
    /// many? A search that failed without either has tried everything: no assignment exists.
    private(set) var wasCut = false

    init(_ state: UnitPlacement, targets: [Int], free: [Int]) {
        self.state = state
        self.targets = targets
        var isFree = Array(repeating: false, count: state.isMovable.count)
        for unit in free { isFree[unit] = true }
        self.isFree = isFree
        isLocked = Array(repeating: false, count: state.isMovable.count)
    }

    /// Places all of `pending`, moving at most `residents` others. `accept` sees each assignment
    /// and may turn it down; on success the state holds the accepted one.
    mutating func solve(
        _ pending: [Int], residents: Int, budget: Int, accept: (WorkingPlacement) -> Bool
    ) -> Bool {
        self.budget = budget
        return descend(pending, residents, accept)
    }

    private mutating func descend(
        _ pending: [Int], _ residents: Int, _ accept: (WorkingPlacement) -> Bool
    ) -> Bool {
        guard let unit = pending.last else { return accept(state.placement) }
        let rest = Array(pending.dropLast())
        isLocked[unit] = true
        defer { isLocked[unit] = false }
        for (target, fits) in choices(for: unit) {
            guard spend() else { return false }
            state.place(unit, on: target)
            let found =
                fits
                ? descend(rest, residents, accept) : repair(unit, rest, residents, accept)
            if found { return true }
            state.remove(unit)
        }
        return false
    }

    /// Takes out one unit that stands in the way, and goes on.
    private mutating func repair(
        _ unit: Int, _ rest: [Int], _ residents: Int, _ accept: (WorkingPlacement) -> Bool
    ) -> Bool {
        guard let violation = state.violation(of: unit) else {
            return descend(rest, residents, accept)
        }
        let target = state.host(of: unit)
        let culprits = state.culprits(violation, at: target, besides: unit)
        for culprit in ranked(culprits, violation, at: target) {
            let cost = isFree[culprit] ? 0 : 1
            guard !isLocked[culprit] else { continue }
            guard cost <= residents else {
                wasCut = true
                continue
            }
            guard spend() else { return false }
            let place = state.host(of: culprit)
            state.remove(culprit)
            if repair(unit, rest + [culprit], residents - cost, accept) { return true }
            state.place(culprit, on: place)
        }
        return false
    }

    /// Hosts for a unit: those that take it as they are, emptiest first, then the others.
    private mutating func choices(for unit: Int) -> [(target: Int, fits: Bool)] {
        // A resident that was taken out and goes back would have been no move at all.
        let barred = isFree[unit] ? WorkingPlacement.nowhere : state.origin(of: unit)
        // Hosts by the thousand are sorted here at every turn: numbers are sorted fastest.
        var keys: [UInt64] = []
        keys.reserveCapacity(targets.count)
        for target in targets where target != barred && state.allows(unit, on: target) {
            let share = UInt64(min(max(0, state.share(of: target, adding: unit)), 1 << 38))
            let place = share << 24 | UInt64(target)
            keys.append(state.fits(unit, on: target) ? place : place | Self.full)
        }
        keys.sort()
        return keys.map { (Int($0 & 0xFF_FFFF), $0 & Self.full == 0) }
    }

    /// Sorts a host behind all that take a unit as they are.
    private static let full: UInt64 = 1 << 63

    /// The smallest that repairs it alone first; if none does, the biggest, so that few are taken
    /// out. Those that are moved anyway go before those that would be one more move.
    private func ranked(
        _ culprits: [Int], _ violation: WorkingPlacement.Violation, at target: Int
    ) -> [Int] {
        let problem = state.problem
        let resource: Int
        let excess: Int64
        switch violation {
        case .overflow(let index):
            resource = index
            let position = target * problem.width + index
            excess = state.placement.load[position] - problem.limit[position]
        case .group:
            resource = ResourceLayout.memory
            excess = 0
        }
        let keyed = culprits.map { unit in
            let size = state.units.members[unit].reduce(Int64(0)) {
                $0 + problem.load(of: $1, resource)
            }
            return (
                unit: unit, class: (size >= excess ? 0 : 2) + (isFree[unit] ? 0 : 1),
                size: size >= excess ? size : -size
            )
        }
        return keyed.sorted {
            ($0.class, $0.size, $0.unit) < ($1.class, $1.size, $1.unit)
        }.map(\.unit)
    }

    private mutating func spend() -> Bool {
        guard budget > 0 else {
            wasCut = true
            return false
        }
        budget -= 1
        return true
    }
}
