/// Turns an order into a graph: which steps each one must wait for, and for what.
///
/// An executor starts a step as soon as what it waits for is done, in any order and with any delay,
/// so nothing may rest on timing. Every arrival pays for what it demands: out of the host's free
/// slack, or out of what a leaving step frees, for which it then waits. No unit is paid twice. In
/// any state that can be reached, let X be the arrivals that have started: all that they waited for
/// has left, so the load is at most the start's, plus what X demands, minus what X's waits have
/// freed, and that is at most the slack. As the order was possible one by one, there is always
/// enough to pay with.
///
/// Linear in steps × resources, plus the payments.
struct StepGraph {
    /// A step waited for, and what it frees: a resource, a group, or the domain itself.
    struct Wait: Hashable {
        enum Cause: Hashable {
            case resource(index: Int, amount: Int64)
            case group(Int)
            case sameDomain
            /// The batch before must be done, so that N+1 holds meanwhile.
            case spareRoom
        }

        var step: Int
        var cause: Cause
    }

    private struct Credit {
        var step: Int
        var amount: Int64
    }

    /// What is paid for: a resource of a host, or a place in a group at a host or zone.
    private enum Limited: Hashable {
        case resource(Int)
        case group(Int, item: Int)
    }

    private let problem: PlacementProblem
    private var slack: [Limited: Int64] = [:]
    private var credits: [Limited: [Credit]] = [:]
    private let start: WorkingPlacement

    private init(_ problem: PlacementProblem) {
        self.problem = problem
        start = WorkingPlacement(problem)
    }

    /// The waits of each step of the sequence, each list in order of the step waited for. Steps of
    /// one of `batches` wait for all of the batch before.
    static func waits(
        for sequence: [PlannedMove], in problem: PlacementProblem, batches: [Int] = []
    ) -> [[Wait]] {
        var graph = StepGraph(problem)
        var lastStep: [Int: Int] = [:]
        var waits: [[Wait]] = []
        for (step, move) in sequence.enumerated() {
            var own: [Wait] = []
            if let earlier = lastStep[move.domain] {
                own.append(Wait(step: earlier, cause: .sameDomain))
            }
            for other in batches.indices.prefix(step) where batches[other] + 1 == batches[step] {
                own.append(Wait(step: other, cause: .spareRoom))
            }
            graph.payArrival(move, &own)
            graph.creditDeparture(move, step)
            lastStep[move.domain] = step
            waits.append(own.sorted { $0.step < $1.step })
        }
        return reduced(waits)
    }

    private mutating func payArrival(_ move: PlannedMove, _ waits: inout [Wait]) {
        for resource in 0..<problem.width {
            let demand = problem.load(of: move.domain, resource)
            guard demand > 0 else { continue }
            let limited = Limited.resource(move.target * problem.width + resource)
            pay(demand, from: limited, &waits) { .resource(index: resource, amount: $0) }
        }
        for (group, item) in placesTaken(move) {
            pay(1, from: .group(group, item: item), &waits) { _ in .group(group) }
        }
    }

    private mutating func creditDeparture(_ move: PlannedMove, _ step: Int) {
        for resource in 0..<problem.width {
            let demand = problem.load(of: move.domain, resource)
            guard demand > 0 else { continue }
            let limited = Limited.resource(move.source * problem.width + resource)
            credits[limited, default: []].append(Credit(step: step, amount: demand))
        }
        let back = PlannedMove(domain: move.domain, source: move.target, target: move.source)
        for (group, item) in placesTaken(back) {
            credits[.group(group, item: item), default: []].append(Credit(step: step, amount: 1))
        }
    }

    /// The places in anti-affinity groups that a move takes where it arrives.
    private func placesTaken(_ move: PlannedMove) -> [(group: Int, item: Int)] {
        problem.groupsOfDomain[move.domain].compactMap { index in
            let group = problem.groups[index]
            guard case .apart = group.kind else { return nil }
            let item = problem.item(of: move.target, in: group.scope)
            return item == problem.item(of: move.source, in: group.scope) ? nil : (index, item)
        }
    }

    /// Pays first from steps that are waited for anyway, then from the slack, then from the
    /// earliest others: as few waits as can be had in one pass.
    private mutating func pay(
        _ demand: Int64, from limited: Limited, _ waits: inout [Wait],
        cause: (Int64) -> Wait.Cause
    ) {
        var due = demand
        var own = credits[limited] ?? []
        for index in own.indices where due > 0 {
            guard waits.contains(where: { $0.step == own[index].step }) else { continue }
            let paid = min(due, own[index].amount)
            own[index].amount -= paid
            due -= paid
            if paid > 0 { waits.append(Wait(step: own[index].step, cause: cause(paid))) }
        }
        let free = slack[limited] ?? initialSlack(limited)
        let fromSlack = min(due, max(0, free))
        slack[limited] = free - fromSlack
        due -= fromSlack
        for index in own.indices where due > 0 && own[index].amount > 0 {
            let paid = min(due, own[index].amount)
            own[index].amount -= paid
            due -= paid
            waits.append(Wait(step: own[index].step, cause: cause(paid)))
        }
        precondition(
            due == 0, "an order that was possible cannot be paid for: \(limited) lacks \(due)")
        credits[limited] = own.filter { $0.amount > 0 }
    }

    private func initialSlack(_ limited: Limited) -> Int64 {
        switch limited {
        case .resource(let index): return problem.limit[index] - problem.initialLoad[index]
        case .group(let index, let item):
            let group = problem.groups[index]
            let present = start.count(of: group, at: item, without: WorkingPlacement.nowhere)
            return Int64(problem.allowed(in: group, at: item) - present)
        }
    }

    /// Leaves out waits that follow from others: O(steps² / 64 × waits), for plans where that is
    /// little.
    private static func reduced(_ waits: [[Wait]]) -> [[Wait]] {
        guard waits.count <= 4096 else { return waits }
        var ancestors: [[UInt64]] = []
        let words = (waits.count + 63) / 64
        var reduced: [[Wait]] = []
        for own in waits {
            var beyond = [UInt64](repeating: 0, count: words)
            for wait in own {
                for word in 0..<words { beyond[word] |= ancestors[wait.step][word] }
            }
            let kept = own.filter { beyond[$0.step / 64] & (1 << UInt64($0.step % 64)) == 0 }
            for wait in own { beyond[wait.step / 64] |= 1 << UInt64(wait.step % 64) }
            ancestors.append(beyond)
            reduced.append(kept)
        }
        return reduced
    }
}
