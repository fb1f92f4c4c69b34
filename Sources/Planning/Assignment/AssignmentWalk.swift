import ClusterModel

/// A walk through placements by shifts alone, each of which could be carried out as it is made: the
/// path to its end is an order of moves, with detours where nothing else helps.
///
/// It drifts towards what is cheap (Metropolis), at one temperature after another, and starts over
/// now and then, since not every step can be taken back.
struct AssignmentWalk {
    /// One shift on the way.
    struct Step: Hashable {
        var item: Int
        var from: Int
        var to: Int
    }

    private let problem: AssignmentProblem
    private let arena = Arena()
    private let tables: AssignmentTables
    private var random: SplitMix64

    /// Walks from the origin before it gives up, each with its own temperatures.
    static let walks = 8
    static let stepsAtMost = 4096
    static let temperatures = [
        8 * PlacementAssignment.urgent, PlacementAssignment.urgent, 8 * PlacementAssignment.move,
        PlacementAssignment.move,
    ].map { Double($0) }

    init(_ problem: AssignmentProblem, seed: UInt64) {
        self.problem = problem
        tables = AssignmentTables(problem, in: arena)
        random = SplitMix64(seed: seed)
    }

    /// Steps that take all of `leaving` away from their origin and leave no group scattered; nil
    /// when this many proposals found none. `isOpen` is asked last whether a step may be.
    mutating func run(
        _ leaving: [Int], proposals: Int, isOpen: (Step) -> Bool
    ) -> [Step]? {
        let movable = (0..<tables.items).filter { problem.mayMove($0) }
        guard !movable.isEmpty else { return nil }
        var state = AssignmentState(problem, tables, at: problem.origin)
        let origin = tables.origin
        for walk in 0..<Self.walks {
            if walk > 0 { state.replace(by: origin) }
            // From where everything may happen down to where little but what helps does.
            let temperature = Self.temperatures[walk % Self.temperatures.count]
            var steps: [Step] = []
            var left = leaving.count
            for _ in 0..<(proposals / Self.walks) where steps.count < Self.stepsAtMost {
                let item = movable[Int(random.next() % UInt64(movable.count))]
                let target = Int(random.next() % UInt64(tables.bins))
                let patience = Double(random.next() >> 11 | 1) / Double(1 << 53)
                let limit = Int64(-temperature * Logarithm.natural(patience))
                guard state.shiftDelta(item, to: target, limit: limit) != AssignmentState.never
                else { continue }
                let step = Step(item: item, from: Int(state.bin[item]), to: target)
                guard isOpen(step) else { continue }
                state.move(item, to: target)
                steps.append(step)
                if isLeaving(item, leaving) {
                    if step.from == problem.origin[item] { left -= 1 }
                    if step.to == problem.origin[item] { left += 1 }
                }
                if left == 0, state.countPlaces() == 0 { return steps }
            }
        }
        withExtendedLifetime(arena) {}
        return nil
    }

    private func isLeaving(_ item: Int, _ leaving: [Int]) -> Bool { leaving.contains(item) }
}
