import ClusterModel

/// One walk through placements by simulated annealing: random shifts and swaps, worse ones accepted
/// the less often the colder it is. Every placement it visits is feasible.
///
/// Used by one thread at a time.
package final class AssignmentWorker: @unchecked Sendable {
    package var state: AssignmentState
    private let owner: Arena
    private let tables: AssignmentTables
    private var random: SplitMix64
    /// What each item weighs in the soft terms together.
    private let weight: UnsafeMutablePointer<Double>
    private let tuning: AssignmentSearch.Tuning

    /// Bins this walk may touch; where several go side by side, the rest belongs to another for
    /// now.
    package let isMine: UnsafeMutablePointer<Bool>

    /// The best placement met, and items moved since.
    package private(set) var bestCost: Int64
    let best: UnsafeMutablePointer<Int32>
    private let changed: UnsafeMutablePointer<Int32>
    private let isChanged: UnsafeMutablePointer<Bool>
    private var changedCount = 0
    /// -ln of evenly spread chances.
    private let patience: UnsafeMutablePointer<Double>
    static let patienceCount = 4096
    /// Items moved by the change under way and where they were, to take it back.
    let trail: UnsafeMutablePointer<Int32>
    var trailCount = 0
    static let longestTrail = 12
    static let refuges = 5
    static let longestLook = 40

    package init(
        _ problem: AssignmentProblem, _ tables: AssignmentTables, at start: [Int], seed: UInt64,
        tuning: AssignmentSearch.Tuning
    ) {
        self.tables = tables
        self.tuning = tuning
        random = SplitMix64(seed: seed)
        let arena = Arena()
        owner = arena
        state = AssignmentState(problem, tables, at: start)
        bestCost = state.cost
        best = arena.array(start.map(Int32.init), or: 0)
        changed = arena.array(tables.items, of: 0)
        isChanged = arena.array(tables.items, of: false)
        isMine = arena.array(tables.bins, of: true)
        trail = arena.array(2 * Self.longestTrail, of: 0)
        weight = arena.array(tables.items, of: 0)
        for item in 0..<tables.items {
            for hinge in 0..<tables.hinges {
                weight[item] += Double(abs(tables.load[item * tables.hinges + hinge]))
            }
        }
        patience = arena.array(
            (0..<Self.patienceCount).map {
                -Logarithm.natural((Double($0) + 0.5) / Double(Self.patienceCount))
            }, or: 0)
    }

    @inline(__always)
    func number(_ bits: UInt64, below bound: Int) -> Int {
        Int(((bits & 0xffff_ffff) &* UInt64(bound)) >> 32)
    }

    /// Proposes this many changes at one temperature.
    package func anneal(_ proposals: Int, temperature: Double) {
        var random = random
        for _ in 0..<proposals {
            let bits = random.next()
            let limit = Int64(temperature * patience[Int(bits & 4095)])
            let kind = bits >> 12 & 255
            var item = number(bits >> 32, below: tables.items)
            let more = random.next()
            if !isMine[Int(state.bin[item])] {
                item = number(random.next(), below: tables.items)
                if !isMine[Int(state.bin[item])] { continue }
            }
            if more & 511 < tuning.ejectShare {
                // The larger of two, and home or anywhere.
                let other = number(more >> 32, below: tables.items)
                let large = weight[item] < weight[other] ? other : item
                let isHome = more >> 9 & 1 == 0
                let target =
                    isHome ? Int(tables.origin[large]) : number(random.next(), below: tables.bins)
                if isMine[Int(state.bin[large])], isMine[target],
                    eject(large, to: target, limit: limit, random: &random)
                {
                    noteBest()
                }
            } else if kind < tuning.swapShare {
                let other = number(more >> 32, below: tables.items)
                if !isMine[Int(state.bin[other])] { continue }
                let delta = state.swapDelta(item, other, limit: limit)
                if delta != AssignmentState.never {
                    let (here, there) = (Int(state.bin[item]), Int(state.bin[other]))
                    accept(item, to: there)
                    accept(other, to: here)
                    noteBest()
                }
            } else {
                var target = number(more >> 32, below: tables.bins)
                if more & 255 < tuning.homeShare { target = Int(tables.origin[item]) }
                if !isMine[target] { continue }
                let delta = state.shiftDelta(item, to: target, limit: limit)
                if delta != AssignmentState.never {
                    accept(item, to: target)
                    noteBest()
                }
            }
        }
        self.random = random
    }

    @inline(__always)
    package func accept(_ item: Int, to target: Int) {
        state.move(item, to: target)
        if !isChanged[item] {
            isChanged[item] = true
            changed[changedCount] = Int32(item)
            changedCount &+= 1
        }
    }

    /// Keeps the present placement if none met so far was cheaper.
    @inline(__always)
    package func noteBest() {
        if state.cost < bestCost { keep() }
    }

    private func keep() {
        bestCost = state.cost
        for index in 0..<changedCount {
            let item = Int(changed[index])
            best[item] = state.bin[item]
            isChanged[item] = false
        }
        changedCount = 0
    }

    /// The best placement met: a bin for each item.
    package var bestPlacement: [Int] { (0..<tables.items).map { Int(best[$0]) } }

    /// Mean over items of what they weigh in the soft terms together: the scale of temperatures.
    package var meanWeight: Double {
        let sum = (0..<tables.items).reduce(0) { $0 + weight[$1] }
        return max(1, sum / Double(max(1, tables.items)))
    }
}
