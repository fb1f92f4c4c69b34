import ClusterModel

/// Orders moves, with as few detours as possible.
enum Ordering {
    enum Result {
        case sequence([PlannedMove])
        /// What could not be fitted into any order, and the others in the order that was found for
        /// them, unless that needs a detour of one that is stuck.
        case stuck([PlannedMove], others: [PlannedMove]?)
    }

    static let detoursAtMost = 3

    /// `bystanders` are domains that need not move, and make a detour and return where nothing else
    /// helps. `budget` is the most branches that are looked at for each number of detours.
    static func order(
        _ moves: [PlannedMove], _ problem: PlacementProblem, _ compatibility: Compatibility,
        bystanders: [Int] = [], budget: Int = MoveSequencer.usualBudget
    ) -> Result {
        var (stuck, order): ([PlannedMove], [PlannedMove]?) = (moves, nil)
        for others in bystanders.isEmpty ? [[]] : [[], bystanders] {
            for detours in 0...detoursAtMost {
                var sequencer = MoveSequencer(
                    moves, in: problem, compatibility: compatibility, bystanders: others,
                    budget: budget)
                if let found = sequencer.sequence(detours: detours) { return .sequence(found) }
                if sequencer.stuck.count < stuck.count || detours == 0 {
                    (stuck, order) = (sequencer.stuck, sequencer.orderOfOthers)
                }
            }
        }
        return .stuck(stuck, others: order)
    }

    static func blockers(_ stuck: [PlannedMove], _ problem: PlacementProblem) -> [Blocker] {
        let names = stuck.map { problem.domains[$0.domain].name }.joined(separator: ", ")
        return stuck.map { move in
            let target = problem.hosts[move.target].name
            return Blocker(
                domain: problem.domains[move.domain].name, host: target, reason: .ordering,
                detail: "no order of moves makes room on \(target) while each counts on both hosts"
                    + " (waiting for each other: \(names))",
                remedy: "free memory on a third host for a detour, or shut one of them down")
        }
    }
}
