import PlacementPolicy

/// Draws the frontier of moves against balance: lower and lower ceilings, each reached with as few
/// moves as were found.
struct BalanceSearch {
    /// A placement that was found.
    struct Point {
        var moves: Int
        var score: BalanceScore
        /// Host of each unit.
        var hosts: [Int]
        /// By measure and position in the view's hosts.
        var shares: [[Int64]]
    }

    private let view: BalanceView
    private let floors: BalanceFloors
    private let trials: Int
    private let limits: Limits
    private var repair: OverloadRepair
    /// The bounds of the resources of each driven measure.
    private let bounds: [BalanceBound]
    private let worth: BalanceWorth
    /// From the fewest moves up; each is better than all before it.
    private(set) var points: [Point] = []
    /// The fewest moves that were enough under the policy, once a level had some.
    private var enough: Point?

    /// How many moves a plan may have.
    struct Limits {
        /// In all.
        var moves: Int
        /// Beyond those that relieve overloaded hosts; nil where the policy has no such limit, or
        /// somebody said how many moves he wants.
        var forSpread: Int?
    }

    /// Ceilings between the present peak and the mean.
    static let levels: Int64 = 20

    init(
        _ state: UnitPlacement, view: BalanceView, floors: BalanceFloors, targets: [Int],
        limits: Limits, seed: UInt64, effort: SearchEffort
    ) {
        self.view = view
        self.floors = floors
        self.limits = limits
        trials = max(20, effort.trialsPerLevel * 100 / max(100, state.problem.domains.count / 2))
        let isOpen = state.problem.hosts.indices.map { state.compatibility.isOpen($0) }
        bounds = view.measures.filter(\.isDriven).flatMap(\.resources).map { resource in
            BalanceBound(state.problem, resource: resource, isOpen: isOpen) {
                state.isMovable[state.units.unit[$0]]
            }
        }
        worth = BalanceWorth(
            view, start: view.shares(state.problem.initialLoad),
            most: min(limits.moves, limits.forSpread ?? Int.max),
            isPriced: limits.forSpread != nil)
        repair = OverloadRepair(
            state, sources: view.hosts, targets: targets,
            driven: view.measures.filter(\.isDriven).flatMap(\.resources), seed: seed)
    }

    /// First relief; then from the present down to the mean. A plan needs no lower level once one
    /// is enough, except with fewer moves: what is enough at a high level may have come about by a
    /// detour. The frontier goes on.
    mutating func run(toTheEnd: Bool) {
        record()
        if view.isOverloaded { relieve() }
        let most = toTheEnd ? limits.moves : mostMoves
        even(most)
        var (reached, missed) = (BalanceView.present, Int64(-1))
        for level in levels() {
            let fewer = toTheEnd ? nil : enough.map { $0.moves - 1 }
            if attempt(level, fewer ?? most) {
                reached = level
            } else {
                missed = level
                break
            }
        }
        guard toTheEnd || enough == nil else { return }
        // Where the limit of moves lies, or where no lower ceiling was found, look more closely.
        while reached - missed > 20 {
            let middle = (reached + missed) / 2
            if attempt(middle, most) { reached = middle } else { missed = middle }
        }
    }

    /// As many as relief takes, as far as it is known, and those that evening out may cost.
    private var mostMoves: Int {
        guard let forSpread = limits.forSpread else { return limits.moves }
        return min(limits.moves, relief.moves + forSpread)
    }

    /// The fewest moves with the least overload.
    var relief: Point {
        let least = points.map(\.score.overload).min()
        return points.first { $0.score.overload == least } ?? points[0]
    }

    private func levels() -> [Int64] {
        let even = (0..<Self.levels).reversed().map { BalanceView.present * $0 / Self.levels }
        return Set(even + [view.reliefLevel]).filter { $0 < BalanceView.present }.sorted(by: >)
    }

    /// Ends overload, as far as that can be. What is left where not all of it goes is kept, too.
    private mutating func relieve() {
        let ceilings = floors.raised(view.reliefCeilings, hosts: view.hosts)
        _ = reach(ceilings, fewest: fewestMoves(ceilings) ?? 0, limits.moves)
    }

    private mutating func attempt(_ level: Int64, _ budget: Int) -> Bool {
        let ceilings = floors.raised(view.ceilings(at: level), hosts: view.hosts)
        guard let fewest = fewestMoves(ceilings), fewest <= budget else { return false }
        return reach(ceilings, fewest: fewest, budget)
    }

    /// Tries to bring all hosts under the ceilings, from the best that is known and from the start;
    /// then the same with fewer and fewer moves.
    private mutating func reach(_ ceilings: [Int64], fewest: Int, _ budget: Int) -> Bool {
        var isReached = false
        for start in [points[points.count - 1], points[0]].map(\.hosts) {
            repair.restore(start)
            let isUnder = repair.run(ceilings: ceilings, budget: budget, trials: trials)
            if repair.moved <= budget {
                repair.prune()
                record()
            }
            guard isUnder else { continue }
            isReached = true
            fillEmptyHosts(budget)
            while repair.moved > fewest {
                let found = repair.hosts
                let fewer = max(fewest, repair.moved - max(1, repair.moved / 40))
                guard repair.run(ceilings: ceilings, budget: fewer, trials: trials / 4) else {
                    repair.restore(found)
                    break
                }
                repair.prune()
                record()
            }
        }
        return isReached
    }

    /// From the fullest host to the emptiest, again and again: a way down that does not go by
    /// ceilings, and ends where the policy is content.
    private mutating func even(_ budget: Int) {
        let rules = view.problem.policy.balance
        let present = floors.raised(
            view.ceilings(at: BalanceView.present), hosts: view.hosts)
        repair.restore(points[0].hosts)
        _ = repair.run(ceilings: present, budget: budget, trials: 0)
        var shares = HostShares(view, repair.state.placement.load)
        var next = 1
        for _ in 0..<(4 * view.hosts.count) {
            guard repair.halveWidestGap(view, &shares, budget: budget) else { break }
            if shares.score.isEnough(rules) { break }
            guard repair.moved >= next else { continue }
            record()
            next = repair.moved + max(1, repair.moved / 40)
        }
        record()
        repair.restore(points[0].hosts)
    }

    /// Where an even peak leaves hosts too empty, fills those up, and goes back.
    private mutating func fillEmptyHosts(_ budget: Int) {
        let rules = view.problem.policy.balance
        guard rules.spread > 0 else { return }
        let found = repair.hosts
        var shares = HostShares(view, repair.state.placement.load)
        for _ in 0..<(4 * view.hosts.count) {
            guard shares.score.spread > rules.spread,
                repair.fillEmptiest(view, &shares, budget: budget)
            else { break }
        }
        if repair.moved > 0 { record() }
        repair.restore(found)
    }

    /// What any plan needs at least to come under ceilings; nil where none does.
    private func fewestMoves(_ ceilings: [Int64]) -> Int? {
        var fewest = 0
        for bound in bounds {
            guard let moves = bound.fewestMoves(under: ceilings) else { return nil }
            fewest = max(fewest, moves)
        }
        return fewest
    }

    /// Keeps the present placement if nothing with as few moves is as good, and drops what it
    /// beats.
    private mutating func record() {
        let shares = view.shares(repair.state.placement.load)
        guard view.isHarmless(shares) else { return }
        let score = BalanceScore(view, shares: shares)
        let moves = repair.moved
        let isLeast =
            score.isEnough(view.problem.policy.balance)
            && enough.map { (moves, score) < ($0.moves, $0.score) } ?? true
        let isNew = !points.contains { $0.moves <= moves && $0.score <= score }
        guard isLeast || isNew else { return }
        let point = Point(moves: moves, score: score, hosts: repair.hosts, shares: shares)
        if isLeast { enough = point }
        guard isNew else { return }
        points.removeAll { $0.moves >= moves && $0.score >= score }
        let place = points.firstIndex { $0.moves > moves } ?? points.count
        points.insert(point, at: place)
    }

    // MARK: Choice

    /// The fewest moves that leave the least overload and a spread within the policy's;
    /// where the spread cannot be had, or costs more moves than it is worth, moves are added as
    /// long as each stretch of them gains what the policy asks for.
    func chosenPoint() -> Point {
        let rules = view.problem.policy.balance
        let start = points[0]
        let most = mostMoves
        let (least, first) = (relief.score.overload, relief)
        let relieved = points.filter { $0.score.overload == least && $0.moves <= most }
        let enough =
            self.enough.flatMap { $0.moves <= most ? $0 : nil }
            ?? relieved.first { $0.score.spread <= rules.spread }
        if let enough {
            // Whoever is relieved is evened out with it.
            let isFree = view.isOverloaded
            if enough.moves == 0 || worth.isWorth(enough, over: start, isFree: isFree) {
                return enough
            }
            guard limits.forSpread != nil else { return start }
        }
        var chosen = first
        for point in relieved where point.moves > chosen.moves && worth.isWorth(point, over: chosen)
        {
            chosen = point
        }
        return chosen.moves == 0 || worth.isWorth(chosen, over: start, isFree: true)
            ? chosen : start
    }

    /// The chosen point, and what to take where its moves cannot be ordered, the best first.
    func choices() -> [Point] {
        let (chosen, start, spread) = (chosenPoint(), points[0], view.problem.policy.balance.spread)
        guard chosen.moves > 0 else { return [] }
        let others = points.filter { point in
            point.moves > 0 && point.moves <= mostMoves && point.hosts != chosen.hosts
                && worth.isWorth(point, over: start, isFree: true)
        }
        func rank(_ point: Point) -> (Int64, Int, Int, Int) {
            (
                point.score.overload, point.score.spread <= spread ? 0 : 1,
                abs(point.moves - chosen.moves), point.moves
            )
        }
        return [chosen] + others.sorted { rank($0) < rank($1) }
    }
}
