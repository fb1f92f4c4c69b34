import TestSupport
import Testing

@testable import Planning

@Suite struct AssignmentTests {
    @Test func `the random problems are feasible at the start`() {
        for seed in UInt64(1)...100 {
            let problem = RandomAssignment.problem(seed: seed, items: 12, bins: 4)
            #expect(problem.isFeasible(problem.origin), "seed \(seed)")
        }
    }

    /// Every shift and every swap the state permits is what a count from scratch says of it, and
    /// every one it refuses is infeasible; but where groups need others, exchanges, and members of
    /// two groups, are refused in doubt.
    @Test func `increments are what a count from scratch gives`() {
        var (permitted, refused) = (0, 0)
        for seed in UInt64(1)...120 {
            let problem = RandomAssignment.problem(seed: seed, items: 11, bins: 4)
            let isFree = problem.groups.allSatisfy(\.needs.isEmpty)
            let isDisjoint = problem.groups.reduce(0) { $0 + $1.members.count } == 11
            let memory = Arena()
            let tables = AssignmentTables(problem, in: memory)
            var state = AssignmentState(problem, tables, at: problem.origin)
            var random = SeededGenerator(seed: seed)
            for _ in 0..<300 {
                let before = state.cost
                var placement = state.placement
                let (one, other) = (random.int(0...10), random.int(0...10))
                let isSwap = random.oneIn(2)
                let target = isSwap ? placement[other] : random.int(0...3)
                if isSwap { placement[other] = placement[one] }
                let source = placement[one]
                placement[one] = target
                let delta =
                    isSwap
                    ? state.swapDelta(one, other, limit: Int64.max - 1)
                    : state.shiftDelta(one, to: target, limit: Int64.max - 1)
                guard delta != AssignmentState.never else {
                    let isExact = source != target && (isFree || !isSwap && isDisjoint)
                    if isExact && problem.isFeasible(placement) {
                        Issue.record("seed \(seed): \(one) may go to \(target)")
                    }
                    refused += 1
                    continue
                }
                permitted += 1
                #expect(problem.isFeasible(placement), "seed \(seed)")
                #expect(before + delta == problem.cost(of: placement), "seed \(seed)")
                if isSwap { state.move(other, to: source) }
                state.move(one, to: target)
                #expect(state.cost == before + delta, "seed \(seed)")
                #expect(state.placement == placement)
            }
            withExtendedLifetime(memory) {}
        }
        #expect(permitted > 4000 && refused > 5000, "\(permitted) permitted, \(refused) refused")
    }

    @Test func `a search visits feasible placements alone, and knows their cost`() {
        for seed in UInt64(1)...60 {
            let problem = RandomAssignment.problem(seed: seed, items: 14, bins: 5)
            let memory = Arena()
            let tables = AssignmentTables(problem, in: memory)
            let worker = AssignmentWorker(
                problem, tables, at: problem.origin, seed: seed, tuning: .init())
            for temperature in [300.0, 30, 3, 0.5] {
                for _ in 0..<40 {
                    worker.anneal(25, temperature: temperature)
                    let placement = worker.state.placement
                    #expect(problem.isFeasible(placement), "seed \(seed)")
                    #expect(worker.state.cost == problem.cost(of: placement), "seed \(seed)")
                    let best = (0..<14).map { Int(worker.best[$0]) }
                    #expect(problem.isFeasible(best), "seed \(seed)")
                    #expect(worker.bestCost == problem.cost(of: best), "seed \(seed)")
                }
            }
            withExtendedLifetime(memory) {}
        }
    }

    @Test func `the same seed and proposals give the same placement`() {
        let problem = RandomAssignment.problem(seed: 7, items: 60, bins: 8)
        let once = AssignmentSearch(problem, seed: 1).run(proposals: 300_000)
        let again = AssignmentSearch(problem, seed: 1).run(proposals: 300_000)
        #expect(once.bins == again.bins)
        #expect(once.cost == again.cost && once.proposals == again.proposals)
        #expect(once.cost < once.initialCost)
        #expect(problem.isFeasible(once.bins) && problem.cost(of: once.bins) == once.cost)
    }

    @Test func `small problems are solved to the optimum`() {
        var missed: [UInt64] = []
        for seed in UInt64(1)...60 {
            let problem = RandomAssignment.problem(seed: seed, items: 6, bins: 3)
            let optimum = Self.optimum(of: problem)
            let found = AssignmentSearch(problem, seed: seed).run(proposals: 131_072)
            #expect(found.cost >= optimum && found.cost >= problem.lowerBound, "seed \(seed)")
            if found.cost != optimum { missed.append(seed) }
        }
        // Exchanges of three, and of groups in need of one another, are out of reach of what the
        // search proposes while nothing may be broken on the way.
        #expect(missed.count <= 2, "missed the optimum for seeds \(missed)")
    }

    private static func optimum(of problem: AssignmentProblem) -> Int64 {
        var best = problem.cost(of: problem.origin)
        var bins = Array(repeating: 0, count: problem.itemCount)
        while true {
            if problem.isFeasible(bins) { best = min(best, problem.cost(of: bins)) }
            guard let digit = bins.firstIndex(where: { $0 < problem.binCount - 1 }) else { break }
            for lower in 0..<digit { bins[lower] = 0 }
            bins[digit] += 1
        }
        return best
    }
}
