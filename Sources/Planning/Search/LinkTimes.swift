import ClusterModel
import PlacementPolicy

/// Brings units that leave to hosts with faster links, where hosts differ in that.
///
/// What a construction chose is even, however long it takes. From there a unit of the target that
/// takes longest goes where both are done sooner, one after another; the outcome counts only where
/// it is clearly sooner in all. No host becomes overloaded by it, and the targets become no more
/// uneven than the policy tolerates, or than hosts are as things stand. O(units² × targets) at
/// worst, each of it a comparison of two times.
struct LinkTimes {
    private let start: UnitPlacement
    private let targets: [Int]
    private let moving: [Int]
    /// The fullest target may be this much fuller than the emptiest.
    private let spread: Int64
    private var state: UnitPlacement
    /// What each host takes in, one after another, in microseconds.
    private var times: [Int64]
    private var shares: [Int64]

    /// A plan that is sooner done by less than one part in this many is left as it was.
    private static let savingWorthMoving: Int64 = 10

    init(_ state: UnitPlacement, from start: UnitPlacement, moving: [Int], targets: [Int]) {
        self.start = start
        self.state = state
        self.moving = moving
        self.targets = targets
        times = Array(repeating: 0, count: start.problem.hosts.count)
        shares = times
        let asIs = (Set(moving.map { start.host(of: $0) }).union(targets)).map {
            start.placement.share(of: $0)
        }
        spread = max(
            start.problem.policy.balance.spread, (asIs.max() ?? 0) - (asIs.min() ?? 0))
        for unit in moving {
            times[state.host(of: unit)] += time(of: unit, to: state.host(of: unit))
        }
        for target in targets { shares[target] = state.placement.share(of: target) }
    }

    /// The same placement where no link is slower than another.
    static func shortened(
        _ state: UnitPlacement, from start: UnitPlacement, moving: [Int], targets: [Int]
    ) -> UnitPlacement {
        let hosts = start.problem.hosts
        guard Set(targets.map { hosts[$0].linkMbps }).count > 1 else { return state }
        var search = LinkTimes(state, from: start, moving: moving, targets: targets)
        let before = search.times.max() ?? 0
        // Each shift lowers the longest of two times, so this ends; the limit bounds the work.
        for _ in 0..<(2 * moving.count) where search.shift() {}
        let after = search.times.max() ?? 0
        return before - after > before / savingWorthMoving ? search.state : state
    }

    /// What a unit takes alone, over the slower of two links.
    private func time(of unit: Int, to target: Int) -> Int64 {
        let problem = start.problem
        let links = [start.origin(of: unit), target].map { problem.hosts[$0].linkMbps }
        let bytes = start.units.members[unit].reduce(Int64(0)) {
            $0 + problem.domains[$1].facts.copiedMemory.count
        }
        // Megabits in a second are bits in a microsecond.
        return bytes * 8 / Int64(max(1, links.min() ?? 1))
    }

    /// Takes one unit away from the target that takes longest; false where none can go.
    private mutating func shift() -> Bool {
        guard let slowest = targets.max(by: { (times[$0], $1) < (times[$1], $0) }) else {
            return false
        }
        let others = targets.filter { $0 != slowest }.map { shares[$0] }
        guard let lowest = others.min(), let highest = others.max() else { return false }
        var best: (unit: Int, target: Int, time: Int64, share: Int64)?
        for unit in moving where state.host(of: unit) == slowest {
            let left = times[slowest] - time(of: unit, to: slowest)
            state.remove(unit)
            let rest = state.placement.share(of: slowest)
            let most = min(lowest, rest) + spread
            for target in targets where target != slowest && max(highest, rest) <= most {
                let time = max(left, times[target] + time(of: unit, to: target))
                guard time < times[slowest], time <= best?.time ?? time else { continue }
                let share = state.share(of: target, adding: unit)
                let isBetter = best.map { (time, share) < ($0.time, $0.share) } ?? true
                if isBetter, share <= most, mayGo(unit, to: target, share: share) {
                    best = (unit, target, time, share)
                }
            }
            state.place(unit, on: slowest)
        }
        guard let best else { return false }
        state.remove(best.unit)
        state.place(best.unit, on: best.target)
        times[slowest] -= time(of: best.unit, to: slowest)
        times[best.target] += time(of: best.unit, to: best.target)
        for host in [slowest, best.target] { shares[host] = state.placement.share(of: host) }
        return true
    }

    private mutating func mayGo(_ unit: Int, to target: Int, share: Int64) -> Bool {
        !state.isSecondChoice(target, for: unit, share: share)
            && state.fits(unit, on: target) && state.allows(unit, on: target)
    }
}
