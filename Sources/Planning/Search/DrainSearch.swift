import ClusterModel

/// Finds targets and an order for the units that leave drained hosts.
///
/// First a construction, which is enough for most drains and moves nothing else; then ejection, with
/// one more resident moved in each round; an assignment counts only if its moves can be ordered.
struct DrainSearch {
    /// What was found: an order of moves, and who found no place.
    struct Finding {
        var sequence: [PlannedMove] = []
        var blockers: [Blocker] = []
    }

    private let start: UnitPlacement
    private let targets: [Int]
    private var state: UnitPlacement
    private let effort: SearchEffort

    /// Assignments that are tried for an order before one with steps aside is taken.
    static let assignmentsAtMost = 40

    init(_ state: UnitPlacement, targets: [Int], effort: SearchEffort) {
        self.effort = effort
        start = state
        self.state = state
        self.targets = targets
    }

    mutating func run(
        _ moving: [Int], bestEffort: Bool, random: inout SplitMix64
    ) -> Finding {
        var finding = Finding()
        var moving = moving
        while true {
            state = start
            for unit in moving { state.remove(unit) }
            let hopeless = moving.filter { unit in
                !targets.contains { state.allows(unit, on: $0) }
            }
            finding.blockers += shortages(hopeless)
            moving.removeAll { hopeless.contains($0) }
            for unit in hopeless { state.place(unit, on: state.origin(of: unit)) }
            var left = construct(moving, random: &random)
            if !left.isEmpty, let sequence = eject(left, free: moving) {
                finding.sequence = sequence
                return finding
            }
            if !left.isEmpty {
                finding.blockers += totals(left)
                if bestEffort { left = ejectEach(left, free: moving) }
                finding.blockers += shortages(left)
                if !bestEffort { return finding }
                for unit in left { state.place(unit, on: state.origin(of: unit)) }
                moving.removeAll { left.contains($0) }
                let held = heldBack(by: left, among: moving)
                if !held.isEmpty {
                    finding.blockers += held.map(\.blocker)
                    moving.removeAll { unit in held.contains { $0.unit == unit } }
                    continue
                }
            } else {
                even(moving)
            }
            switch Ordering.order(moves(), state.problem, state.compatibility) {
            case .sequence(let sequence):
                finding.sequence = sequence
                return finding
            case .stuck(let stuck):
                // What can't be ordered stays, and the rest is planned again without it.
                finding.blockers += Ordering.blockers(stuck, state.problem)
                let stay = Set(stuck.map { state.units.unit[$0.domain] })
                let before = moving.count
                moving.removeAll { stay.contains($0) }
                if !bestEffort || moving.count == before { return finding }
            }
        }
    }

    /// Places what it can; returns the others, the hardest last.
    private mutating func construct(_ moving: [Int], random: inout SplitMix64) -> [Int] {
        let order = Construction.hardestFirst(moving, on: state, targets: targets)
        var best: (state: UnitPlacement, left: [Int])?
        for fit in Construction.Fit.allCases {
            var attempt = state
            let left = Construction.place(order, on: &attempt, targets: targets, fit: fit)
            if left.count < best?.left.count ?? Int.max { best = (attempt, left) }
            if left.isEmpty { break }
        }
        // Another order may do where the hardest-first one does not; few tries, they are cheap.
        for _ in 0..<4 where best?.left.isEmpty == false {
            var attempt = state
            let left = Construction.place(
                order.shuffled(using: &random), on: &attempt, targets: targets, fit: .fullest)
            if left.count < best?.left.count ?? Int.max { best = (attempt, left) }
        }
        guard let best else { return order.reversed() }
        state = best.state
        return best.left.reversed()
    }

    /// Places all that is left by moving others; the order of moves when that succeeds.
    private mutating func eject(_ left: [Int], free: [Int]) -> [PlannedMove]? {
        guard totals(left).isEmpty else { return nil }
        let others = start.isMovable.indices.filter { unit in
            start.isMovable[unit] && targets.contains(start.host(of: unit))
        }.count
        let isSmall = others + free.count <= 16
        var fallback: UnitPlacement?
        var tried = 0
        for residents in 0...(isSmall ? others : min(others, effort.residentsMoved)) {
            var search = EjectionSearch(state, targets: targets, free: free)
            var sequence: [PlannedMove]?
            let found = search.solve(
                left, residents: residents,
                budget: isSmall ? effort.trialsPerRoundWhenSmall : effort.trialsPerRound
            ) { placement in
                tried += 1
                let moves = Self.moves(from: start, to: placement)
                var sequencer = MoveSequencer(
                    moves, in: placement.problem, compatibility: start.compatibility)
                sequence = sequencer.sequence(detours: 0)
                if sequence == nil, fallback == nil {
                    fallback = start
                    fallback?.placement = placement
                }
                return sequence != nil || tried >= Self.assignmentsAtMost
            }
            if found, let sequence {
                state = search.state
                return sequence
            }
            if tried >= Self.assignmentsAtMost || !search.wasCut { break }
        }
        guard let fallback else { return nil }
        let moves = Self.moves(from: start, to: fallback.placement)
        switch Ordering.order(moves, state.problem, state.compatibility) {
        case .sequence(let sequence): return sequence
        case .stuck: return nil
        }
    }

    /// For a best effort: places one after another, and returns those that found no place.
    private mutating func ejectEach(_ left: [Int], free: [Int]) -> [Int] {
        var stay: [Int] = []
        for unit in left {
            var isPlaced = false
            for residents in 0...3 where !isPlaced {
                var search = EjectionSearch(state, targets: targets, free: free)
                let unplaced = left.filter {
                    $0 != unit
                        && state.placement.host[
                            state.units.members[$0][0]] == WorkingPlacement.nowhere
                }
                isPlaced = search.solve(
                    [unit], residents: residents, budget: effort.trialsPerDomain
                ) { placement in
                    var attempt = start
                    attempt.placement = placement
                    for other in unplaced { attempt.place(other, on: start.host(of: other)) }
                    let moves = Self.moves(from: start, to: attempt.placement)
                    var sequencer = MoveSequencer(
                        moves, in: placement.problem, compatibility: start.compatibility)
                    return sequencer.sequence(detours: 0) != nil
                }
                if isPlaced { state = search.state }
            }
            if !isPlaced { stay.append(unit) }
        }
        return stay
    }

    /// Units that can't move after all, because one that stays behind shares a group with them.
    private func heldBack(
        by left: [Int], among moving: [Int]
    ) -> [(unit: Int, blocker: Blocker)] {
        let problem = state.problem
        var held: [(unit: Int, blocker: Blocker)] = []
        for domain in left.flatMap({ state.units.members[$0] }) {
            guard let index = state.placement.brokenGroup(domain, at: problem.origin[domain])
            else { continue }
            let group = problem.groups[index]
            for unit in moving where !held.contains(where: { $0.unit == unit }) {
                guard let member = state.units.members[unit].first(where: group.members.contains)
                else { continue }
                let reason: Blocker.Reason =
                    switch group.kind {
                    case .together: .affinity
                    case .apart: .antiAffinity
                    }
                held.append(
                    (
                        unit,
                        Blocker(
                            domain: problem.domains[member].name, reason: reason,
                            detail: "group '\(group.name)' would be broken, because "
                                + "\(problem.domains[domain].name) can not leave",
                            remedy:
                                "mend what keeps \(problem.domains[domain].name), or lift the group"
                        )
                    ))
            }
        }
        return held
    }

    /// Evens out the load that the construction left: shifts a unit where that lowers the fuller of the
    /// two hosts. At most three passes of O(units × hosts).
    private mutating func even(_ moving: [Int]) {
        for _ in 0..<3 {
            var hasChanged = false
            for unit in moving {
                let present = state.host(of: unit)
                let share = state.placement.share(of: present)
                state.remove(unit)
                var best = (target: present, share: share)
                for target in targets where target != present {
                    let other = state.share(of: target, adding: unit)
                    if other < best.share, state.fits(unit, on: target),
                        state.allows(unit, on: target)
                    {
                        best = (target, other)
                    }
                }
                state.place(unit, on: best.target)
                hasChanged = hasChanged || best.target != present
            }
            if !hasChanged { return }
        }
    }

    private func moves() -> [PlannedMove] { Self.moves(from: start, to: state.placement) }

    private static func moves(
        from start: UnitPlacement, to placement: WorkingPlacement
    ) -> [PlannedMove] {
        placement.host.indices.compactMap { domain in
            let (source, target) = (start.problem.origin[domain], placement.host[domain])
            return source == target
                ? nil : PlannedMove(domain: domain, source: source, target: target)
        }
    }

    private func shortages(_ units: [Int]) -> [Blocker] {
        let shortage = Shortage(
            state,
            targets: start.problem.hosts.indices.filter { host in
                !units.contains { start.host(of: $0) == host }
            })
        return units.flatMap { state.units.members[$0] }.sorted().map {
            shortage.blocker(for: $0)
        }
    }

    /// Resources of which all targets together have too little: a proof that no assignment exists, since
    /// moving others between the targets frees nothing in sum.
    private func totals(_ left: [Int]) -> [Blocker] {
        let problem = state.problem
        return (0..<problem.width).compactMap { resource in
            let needed = left.reduce(Int64(0)) { sum, unit in
                state.units.members[unit].reduce(sum) { $0 + problem.load(of: $1, resource) }
            }
            let free = targets.reduce(Int64(0)) { sum, host in
                let index = host * problem.width + resource
                return sum + max(0, problem.limit[index] - state.placement.load[index])
            }
            guard needed > free else { return nil }
            let what = problem.layout.resources[resource]
            return Blocker(
                reason: what.blockerReason,
                detail: "\(what.text(needed - free)) short on all \(targets.count) hosts together: "
                    + "\(what.text(needed)) still to be placed, \(what.text(free)) free",
                remedy: "free or add \(what.text(needed - free)), or drain fewer hosts at once")
        }
    }
}
