import ClusterModel

/// Finds targets and an order for the units that leave drained hosts.
///
/// First a construction, which is enough for most drains and moves nothing else; then ejection,
/// with one more resident moved in each round; an assignment counts only if its moves can be
/// ordered. What is left after that is for the engine, unless it was proven to be impossible.
struct DrainSearch {
    /// What was found: an order of moves, and who found no place.
    struct Finding {
        var sequence: [PlannedMove] = []
        var blockers: [Blocker] = []
    }

    let start: UnitPlacement
    let targets: [Int]
    /// The only hosts that may take a domain; any target may where there is no entry.
    let confined: [Int: Set<Int>]
    var state: UnitPlacement
    let effort: SearchEffort
    /// Did the search end before everything had been tried?
    var wasCut = false

    /// Assignments that are tried for an order before one with detours is taken.
    static let assignmentsAtMost = 40
    /// Domains in a cluster in which bystanders may make detours.
    static let bystandersUpTo = 24

    init(
        _ state: UnitPlacement, targets: [Int], confined: [Int: Set<Int>] = [:],
        effort: SearchEffort
    ) {
        self.effort = effort
        self.confined = confined
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
            let nonConverging = moving.filter { unit in
                !targets.contains { state.allows(unit, on: $0) }
            }
            finding.blockers += shortages(nonConverging)
            moving.removeAll { nonConverging.contains($0) }
            for unit in nonConverging { state.place(unit, on: state.origin(of: unit)) }
            var left = construct(moving, random: &random)
            if !left.isEmpty,
                let sequence = eject(left, free: moving)
                    ?? (wasCut ? searchOn(moving, random: &random) : nil)
            {
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
                improve(moving)
            }
            let moves = moves()
            switch Ordering.order(
                moves, state.problem, state.compatibility, bystanders: bystanders(moves))
            {
            case .sequence(let sequence):
                finding.sequence = sequence
                return finding
            case .stuck(let stuck, _):
                wasCut = true
                if let sequence = searchOn(moving, random: &random) {
                    finding.sequence = sequence
                    return finding
                }
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

    /// Chooses among targets that all have room: even load first, then fast links.
    private mutating func improve(_ moving: [Int]) {
        even(moving)
        state = LinkTimes.shortened(state, from: start, moving: moving, targets: targets)
    }

    /// Evens out the load that the construction left: shifts a unit where that lowers the fuller of
    /// the two hosts. At most three passes of O(units × hosts).
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
                    let isWorse =
                        state.isSecondChoice(target, for: unit, share: other)
                        && !state.isSecondChoice(present, for: unit, share: share)
                    if other < best.share, !isWorse, state.fits(unit, on: target),
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

    /// Bystanders that could make a detour: asked for only where everything can be tried.
    func bystanders(_ moves: [PlannedMove]) -> [Int] {
        let problem = start.problem
        guard problem.domains.count <= Self.bystandersUpTo else { return [] }
        let moved = Set(moves.map(\.domain))
        return problem.domains.indices.filter {
            !moved.contains($0) && start.isMovable[start.units.unit[$0]]
        }
    }

    private func moves() -> [PlannedMove] { Self.moves(from: start, to: state.placement) }

    static func moves(
        from start: UnitPlacement, to placement: WorkingPlacement
    ) -> [PlannedMove] {
        placement.host.indices.compactMap { domain in
            let (source, target) = (start.problem.origin[domain], placement.host[domain])
            return source == target
                ? nil : PlannedMove(domain: domain, source: source, target: target)
        }
    }
}
