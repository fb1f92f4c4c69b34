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
    }

    private let view: BalanceView
    private let floor: [Int64]
    private let trials: Int
    private let budget: Int
    private var repair: CeilingRepair
    /// For each driven measure, the bounds of its resources.
    private let bounds: [(measure: BalanceView.Measure, bounds: [BalanceBound])]
    /// From the fewest moves up; each is better than all before it.
    private(set) var points: [Point] = []
    /// The fewest moves that were enough under the policy, once a level had some.
    private var enough: Point?

    /// Ceilings between the present peak and the mean.
    static let levels: Int64 = 20

    init(
        _ state: UnitPlacement, view: BalanceView, targets: [Int], budget: Int, seed: UInt64,
        effort: SearchEffort
    ) {
        self.view = view
        self.budget = budget
        trials = max(20, effort.trialsPerLevel * 100 / max(100, state.problem.domains.count / 2))
        floor = Self.floor(state)
        let isOpen = state.problem.hosts.indices.map { state.compatibility.isOpen($0) }
        bounds = view.measures.filter(\.isDriven).map { measure in
            let bounds = measure.resources.map { resource in
                BalanceBound(state.problem, resource: resource, isOpen: isOpen) {
                    state.isMovable[state.units.unit[$0]]
                }
            }
            return (measure, bounds)
        }
        repair = CeilingRepair(
            state, sources: view.hosts, targets: targets,
            driven: view.measures.filter(\.isDriven).flatMap(\.resources), seed: seed)
    }

    /// What each host holds of domains that can not leave.
    private static func floor(_ state: UnitPlacement) -> [Int64] {
        let problem = state.problem
        var floor = problem.initialLoad
        for domain in problem.domains.indices where state.isMovable[state.units.unit[domain]] {
            for resource in 0..<problem.width {
                floor[problem.origin[domain] * problem.width + resource] -= problem.load(
                    of: domain, resource)
            }
        }
        return floor
    }

    /// From the present down to the mean. A plan needs no lower level once one is enough, except with
    /// fewer moves: what is enough at a high level may have come about by a detour. The frontier goes on.
    mutating func run(toTheEnd: Bool) {
        record()
        even()
        var (reached, missed) = (BalanceView.present, Int64(-1))
        for level in levels() {
            let fewer = toTheEnd ? nil : enough.map { $0.moves - 1 }
            if attempt(level, fewer ?? budget) {
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
            if attempt(middle, budget) { reached = middle } else { missed = middle }
        }
    }

    private func levels() -> [Int64] {
        let even = (0..<Self.levels).reversed().map { BalanceView.present * $0 / Self.levels }
        return Set(even + [view.reliefLevel]).filter { $0 < BalanceView.present }.sorted(by: >)
    }

    /// Tries to bring all hosts under the ceilings of a level, from the best that is known and from
    /// the start; then the same with fewer and fewer moves.
    private mutating func attempt(_ level: Int64, _ budget: Int) -> Bool {
        guard let fewest = fewestMoves(level), fewest <= budget else { return false }
        let ceilings = view.ceilings(at: level, floor: floor)
        var isReached = false
        for start in [points[points.count - 1], points[0]].map(\.hosts) {
            repair.restore(start)
            guard repair.run(ceilings: ceilings, budget: budget, trials: trials) else { continue }
            isReached = true
            repair.prune()
            record()
            lift()
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

    /// From the fullest host to the emptiest, again and again: a way down that does not go by ceilings,
    /// and ends where the policy is content.
    private mutating func even() {
        let rules = view.problem.policy.balance
        let present = view.ceilings(at: BalanceView.present, floor: floor)
        _ = repair.run(ceilings: present, budget: budget, trials: 0)
        var next = 1
        for _ in 0..<(4 * view.hosts.count) {
            guard repair.halve(view, budget: budget) else { break }
            if BalanceScore(view, repair.state.placement.load).isEnough(rules) { break }
            guard repair.moved >= next else { continue }
            record()
            next = repair.moved + max(1, repair.moved / 40)
        }
        record()
        repair.restore(points[0].hosts)
    }

    /// Where an even peak leaves hosts too empty, fills those up, and goes back.
    private mutating func lift() {
        let rules = view.problem.policy.balance
        guard rules.spread > 0 else { return }
        let found = repair.hosts
        for _ in 0..<(4 * view.hosts.count) {
            let score = BalanceScore(view, repair.state.placement.load)
            guard score.spread > rules.spread, repair.lift(view, budget: budget) else { break }
        }
        if repair.moved > 0 { record() }
        repair.restore(found)
    }

    /// What any plan needs at least to come under the ceilings of a level; nil where none does.
    private func fewestMoves(_ level: Int64) -> Int? {
        var fewest = 0
        for (measure, bounds) in bounds {
            let ceiling = view.ceiling(of: measure, at: level)
            for bound in bounds {
                guard let moves = bound.fewestMoves(to: ceiling, isLenient: true) else {
                    return nil
                }
                fewest = max(fewest, moves)
            }
        }
        return fewest
    }

    /// Keeps the present placement if nothing with as few moves is as good, and drops what it
    /// beats.
    private mutating func record() {
        let score = BalanceScore(view, repair.state.placement.load)
        let moves = repair.moved
        let isLeast =
            score.isEnough(view.problem.policy.balance)
            && enough.map { (moves, score) < ($0.moves, $0.score) } ?? true
        let isNew = !points.contains { $0.moves <= moves && $0.score <= score }
        guard isLeast || isNew else { return }
        let point = Point(moves: moves, score: score, hosts: repair.hosts)
        if isLeast { enough = point }
        guard isNew else { return }
        points.removeAll { $0.moves >= moves && $0.score >= score }
        let place = points.firstIndex { $0.moves > moves } ?? points.count
        points.insert(point, at: place)
    }

    /// The knee. The fewest moves that leave the least overload and a spread within the policy's;
    /// where the spread can not be had, moves are added as long as each stretch of them gains what
    /// the policy asks for.
    func knee(_ rules: BalanceRules) -> Point {
        let start = points[0]
        let least = points.map(\.score.overload).min() ?? 0
        if let enough {
            return enough.score.isWorth(comparedWith: start.score, rules) ? enough : start
        }
        let relieved = points.filter { $0.score.overload == least }
        if let enough = relieved.first(where: { $0.score.spread <= rules.spread }) {
            return enough.moves == 0 || enough.score.isWorth(comparedWith: start.score, rules)
                ? enough : start
        }
        guard var chosen = relieved.first else { return start }
        for point in relieved.dropFirst()
        where point.score.isWorth(comparedWith: chosen.score, rules) {
            chosen = point
        }
        return chosen.moves == 0 || chosen.score.isWorth(comparedWith: start.score, rules)
            ? chosen : start
    }
}
