import ClusterModel
import PlacementPolicy

/// Plans to relieve overloaded hosts and to even out the load, with few moves.
struct BalancePlanning {
    let problem: PlacementProblem
    private let snapshot: ClusterSnapshot
    private let request: PlanRequest
    private let policy: Policy
    let compatibility: Compatibility
    private let mobility: Mobility
    let view: BalanceView
    let start: UnitPlacement
    let repair: ConstraintRepair
    let targets: [Int]
    private let floors: BalanceFloors
    private let limits: BalanceSearch.Limits
    let seed: UInt64
    let effort: SearchEffort

    /// `maxMoves` are what somebody wants, and `limits` what is left of another plan's.
    init(
        maxMoves: Int?, limits: BalanceSearch.Limits? = nil, request: PlanRequest,
        snapshot: ClusterSnapshot, policy: Policy, seed: UInt64, effort: SearchEffort
    ) {
        problem = PlacementProblem(snapshot, under: policy)
        self.snapshot = snapshot
        self.request = request
        self.policy = policy
        self.seed = seed
        self.effort = effort
        let compatibility = Compatibility(problem, forbidden: request.forbidden)
        self.compatibility = compatibility
        let mobility = Mobility(problem, snapshot, request)
        self.mobility = mobility
        let units = MoveUnits(problem, joined: true)
        let hosts = problem.hosts
        let origin = problem.origin
        start = UnitPlacement(
            placement: WorkingPlacement(problem), units: units, compatibility: compatibility,
            isMovable: units.members.map { members in
                members.allSatisfy {
                    mobility.isMovable($0) && !hosts[origin[$0]].inMaintenance
                }
            })
        let targets = problem.hosts.indices.filter { compatibility.isOpen($0) }
        self.targets = targets
        floors = BalanceFloors(start, targets: targets)
        view = BalanceView(start, floors: floors)
        repair = ConstraintRepair(start, targets: targets)
        self.limits =
            limits
            ?? BalanceSearch.Limits(
                moves: maxMoves ?? policy.balance.maxMoves ?? Int.max,
                forSpread: maxMoves == nil
                    ? policy.balance.movesForSpread(of: problem.domains.count) : nil)
    }

    /// Rounds of planning on, from where the plan so far leads to.
    static let roundsAtMost = 4

    func draft() -> PlanDraft {
        var draft = PlanDraft(
            kind: .balance, hosts: [], outcome: .nothingToDo, problem: problem,
            compatibility: compatibility)
        draft.choosesTargets = true
        let isEven = BalanceScore(view, problem.initialLoad).isEnough(policy.balance)
        guard !isEven || repair.isNeeded else { return draft }
        let (repaired, shifted) = repairMoves()
        let kept = keepingSpareRoom(repaired.isEmpty && !isEven ? orderedMoves() : repaired)
        if !isEven { draft.asked = asked }
        draft.sequence = kept.sequence
        draft.batches = kept.batches
        var final = WorkingPlacement(problem)
        for move in draft.sequence {
            final.remove(move.domain)
            final.place(move.domain, on: move.target)
        }
        draft.blockers = kept.blockers + overloads(final.load)
        draft.reached = [problem.initialLoad, final.load].map { load in
            [PlacementScore.spread: PlacementScore.percent(BalanceScore(view, load).spread)]
        }
        guard !draft.sequence.isEmpty else {
            if !draft.blockers.isEmpty { draft.outcome = .infeasible }
            draft.blockers += repair.blockers(final)
            return draft
        }
        draft.outcome = .plan
        draft.blockers += repair.blockers(final)
        let relief = cause(final.load)
        let (repair, isRepaired) = (self.repair, !repaired.isEmpty)
        draft.cause = { move in
            (isRepaired ? repair.reason(move.domain, final, shifted: shifted) : nil) ?? relief(move)
        }
        let moves =
            request.goal == .balance(maxMoves: nil) ? draft.sequence.count : limits.moves
        draft.bound = [
            PlacementScore.busiestMemory: PlacementScore.percent(bound(.memory, moves: moves)),
            PlacementScore.busiestCPU: PlacementScore.percent(bound(.cpu, moves: moves)),
        ]
        draft.gapFigure =
            view.measures.first(where: \.isDriven)?.kind == .cpu
            ? PlacementScore.busiestCPU : PlacementScore.busiestMemory
        return draft
    }

    func options() -> [BalanceOption] {
        let search = searched(toTheEnd: true)
        let plan = search.choices().prefix(Self.choicesTried).first {
            ordered(moves(to: $0)).count == $0.moves
        }
        let chosen = search.points.last { $0.moves <= plan?.moves ?? 0 }?.moves
        return search.points.map { point in
            var load = WorkingPlacement(problem)
            for move in moves(to: point) {
                load.remove(move.domain)
                load.place(move.domain, on: move.target)
            }
            let figures = PlacementScore.figures(load, domainsMoved: point.moves)
            return BalanceOption(
                moves: point.moves, memoryPeak: figures[PlacementScore.busiestMemory] ?? 0,
                cpuPeak: figures[PlacementScore.busiestCPU] ?? 0,
                spread: PlacementScore.percent(point.score.spread),
                overload: PlacementScore.percent(point.score.overload),
                memoryBound: PlacementScore.percent(bound(.memory, moves: point.moves)),
                isChosen: point.moves == chosen)
        }
    }

    // MARK: Search

    private func searched(toTheEnd: Bool = false) -> BalanceSearch {
        var search = BalanceSearch(
            start, view: view, floors: floors, targets: targets, limits: limits, seed: seed,
            effort: effort)
        search.run(toTheEnd: toTheEnd)
        return search
    }

    /// What the policy asks for, and how far a plan may go for it.
    private var asked: [String: Double] {
        var asked = [PlacementScore.spread: PlacementScore.percent(policy.balance.spread)]
        if limits.moves < Int.max { asked["moves"] = Double(limits.moves) }
        if let moves = limits.forSpread { asked["moves_for_spread"] = Double(moves) }
        return asked
    }

    private func moves(to point: BalanceSearch.Point) -> [PlannedMove] {
        problem.domains.indices.compactMap { domain in
            let (source, target) = (
                problem.origin[domain], point.hosts[start.units.unit[domain]]
            )
            return source == target
                ? nil : PlannedMove(domain: domain, source: source, target: target)
        }
    }

    /// The moves of the plan in order. Planned on from where they lead to until nothing more is
    /// worth it, so that a plan that was carried out leaves nothing to do.
    private func orderedMoves() -> [PlannedMove] {
        let search = searched()
        return plannedOn(firstOrdered(search.choices()), relief: search.relief.moves)
    }

    /// Choices that are tried where the best cannot be ordered.
    private static let choicesTried = 12

    /// The best that can be done in some order. Of what can be done in part alone the least
    /// overload is taken.
    private func firstOrdered(_ choices: [BalanceSearch.Point]) -> [PlannedMove] {
        var best: (overload: Int64, moves: [PlannedMove])?
        for choice in choices.prefix(Self.choicesTried) {
            if let best, best.overload <= choice.score.overload { break }
            var wanted = [moves(to: withoutNeedlessMoves(choice)), moves(to: choice)]
            if wanted[0] == wanted[1] { wanted.removeLast() }
            for moves in wanted {
                let sequence = ordered(moves)
                guard !sequence.isEmpty else { continue }
                let overload = BalanceScore(view, load(after: sequence)).overload
                if overload < best?.overload ?? Int64.max { best = (overload, sequence) }
                if overload <= choice.score.overload { break }
            }
        }
        return best?.moves ?? []
    }

    private func load(after moves: [PlannedMove]) -> [Int64] {
        var placement = WorkingPlacement(problem)
        for move in moves {
            placement.remove(move.domain)
            placement.place(move.domain, on: move.target)
        }
        return placement.load
    }

    /// What is broken is repaired, and then load evened out from there. Where moves are few, they
    /// relieve what is overloaded before they repair.
    private func repairMoves() -> (moves: [PlannedMove], shifted: Set<Int>) {
        guard repair.isNeeded else { return ([], []) }
        let relieved = limits.moves < Int.max && view.isOverloaded ? reliefMoves() : []
        guard relieved.isEmpty else { return repairMoves(after: relieved) }
        guard let repaired = repair.repaired(seed: seed, effort: effort) else { return ([], []) }
        var moves = DrainSearch.moves(from: start, to: repaired.state.placement)
        while moves.count > limits.moves, let last = moves.last {
            let unit = start.units.unit[last.domain]
            moves.removeAll { start.units.unit[$0.domain] == unit }
        }
        let sequence = ordered(moves)
        return (plannedOn(sequence, relief: sequence.count), repaired.shifted)
    }

    /// The moves that end overload, and nothing beside.
    private func reliefMoves() -> [PlannedMove] {
        var policy = policy
        policy.balance.spread = 10_000
        return BalancePlanning(
            maxMoves: nil, limits: limits, request: request, snapshot: snapshot, policy: policy,
            seed: seed, effort: effort
        ).orderedMoves()
    }

    /// With what moves are left.
    private func repairMoves(
        after relieved: [PlannedMove]
    ) -> (moves: [PlannedMove], shifted: Set<Int>) {
        guard relieved.count < limits.moves else { return (relieved, []) }
        var left = limits
        left.moves -= relieved.count
        let next = planning(after: relieved, left)
        let (repaired, shifted) = next.repairMoves()
        guard !repaired.isEmpty, let merged = merged(relieved, repaired.map(next.named)) else {
            return (plannedOn(relieved, relief: relieved.count), [])
        }
        let own = shifted.compactMap { problem.domainIndex[next.problem.domains[$0].id] }
        return (merged, Set(own))
    }

    private func planning(
        after moves: [PlannedMove], _ limits: BalanceSearch.Limits
    ) -> BalancePlanning {
        BalancePlanning(
            maxMoves: nil, limits: limits, request: request,
            snapshot: snapshot.applying(moves.map(named)), policy: policy, seed: seed,
            effort: effort)
    }

    /// `relief` of the moves do not count among those that evening out may cost.
    private func plannedOn(_ moves: [PlannedMove], relief: Int) -> [PlannedMove] {
        var sequence = moves
        guard !sequence.isEmpty else { return [] }
        for _ in 1..<Self.roundsAtMost where sequence.count < limits.moves {
            var left = limits
            if left.moves < Int.max { left.moves -= sequence.count }
            left.forSpread = limits.forSpread.map {
                max(0, $0 - max(0, sequence.count - relief))
            }
            let next = planning(after: sequence, left)
            let score = BalanceScore(next.view, next.problem.initialLoad)
            guard !score.isEnough(policy.balance), left.forSpread != 0 || score.overload > 0 else {
                break
            }
            let longer = next.searched().choices().prefix(Self.choicesTried).lazy
                .map { next.moves(to: next.withoutNeedlessMoves($0)).map(next.named) }
                .compactMap { self.merged(sequence, $0) }.first
            guard let longer else { break }
            sequence = longer
        }
        return sequence
    }

    private func named(_ move: PlannedMove) -> Move {
        Move(
            domain: problem.domains[move.domain].id, source: problem.hosts[move.source].name,
            target: problem.hosts[move.target].name)
    }

    /// Both lists of moves as one, each domain moved once; nil when that cannot be done.
    private func merged(_ moves: [PlannedMove], _ more: [Move]) -> [PlannedMove]? {
        var target = Dictionary(
            moves.map { ($0.domain, $0.target) }, uniquingKeysWith: { _, last in last })
        for move in more {
            guard let domain = problem.domainIndex[move.domain],
                let host = problem.hostIndex[move.target]
            else { return nil }
            target[domain] = host
        }
        let all = target.sorted { $0.key < $1.key }.compactMap { domain, target -> PlannedMove? in
            let source = problem.origin[domain]
            return source == target
                ? nil : PlannedMove(domain: domain, source: source, target: target)
        }
        guard all.count <= limits.moves,
            all.allSatisfy({ compatibility.allows($0.domain, from: $0.source, to: $0.target) }),
            case .sequence(let sequence) = Ordering.order(all, problem, compatibility)
        else { return nil }
        return sequence
    }

    /// Moves that wait for each other with no way out are left out; so are those that groups tie to
    /// them. What remains must still be better than the start.
    private func ordered(_ wanted: [PlannedMove]) -> [PlannedMove] {
        var moves = wanted
        while !moves.isEmpty {
            switch Ordering.order(moves, problem, compatibility) {
            case .sequence(let sequence): return isSound(moves) ? sequence : []
            case .stuck(let stuck, let others):
                let units = Set(stuck.map { start.units.unit[$0.domain] })
                let before = moves.count
                moves.removeAll { units.contains(start.units.unit[$0.domain]) }
                if moves.count == before { return [] }
                // Nobody was tied to those that are stuck: there is nothing to search again.
                if let others, before - moves.count == stuck.count {
                    return isSound(moves) ? others : []
                }
            }
        }
        return []
    }

    /// Are these moves, which may be a part of what was found, a placement that breaks nothing and
    /// is better than the start?
    func isSound(_ moves: [PlannedMove]) -> Bool {
        var placement = WorkingPlacement(problem)
        for move in moves { placement.remove(move.domain) }
        for move in moves {
            guard placement.overflow(adding: move.domain, to: move.target) == nil else {
                return false
            }
            placement.place(move.domain, on: move.target)
        }
        guard moves.allSatisfy({ placement.brokenGroup($0.domain, at: $0.target) == nil }) else {
            return false
        }
        return repairs(placement)
            || BalanceScore(view, placement.load) < BalanceScore(view, problem.initialLoad)
                && view.improves(placement.load)
    }

    /// Is less broken than at the start? That comes before load.
    func repairs(_ placement: WorkingPlacement) -> Bool {
        repair.isNeeded && repair.brokenConstraints(placement) < repair.before
    }

    // MARK: Words and bounds

    private func bound(_ kind: BalanceRules.Measure, moves: Int) -> Int64 {
        let resources =
            kind == .memory
            ? ResourceLayout.memory..<(ResourceLayout.memory + 1) : problem.layout.cpu
        let isOpen = problem.hosts.indices.map { compatibility.isOpen($0) }
        return resources.map { resource in
            BalanceBound(problem, resource: resource, isOpen: isOpen) {
                start.isMovable[start.units.unit[$0]]
            }.peak(moves: moves)
        }.max() ?? 0
    }

    /// Which host's load falls, and from what to what.
    private func cause(_ final: [Int64]) -> (PlannedMove) -> String? {
        let (view, problem) = (self.view, self.problem)
        return { move in
            let falls = view.measures.map { measure in
                (
                    name: measure.kind == .memory ? "memory" : "CPU",
                    before: view.share(of: move.source, measure.resources, problem.initialLoad),
                    after: view.share(of: move.source, measure.resources, final)
                )
            }
            let widest = falls.max { $0.before - $0.after < $1.before - $1.after }
            guard let widest, widest.after < widest.before else { return nil }
            return "\(problem.hosts[move.source].name)'s \(widest.name) falls from "
                + "\((widest.before + 50) / 100) % to \((widest.after + 50) / 100) %"
        }
    }

    /// With a decimal where there is one: 90.2 is above 90.
    private static func percent(_ share: Int64) -> String {
        share % 100 == 0 ? "\(share / 100)" : "\(PlacementScore.percent(share))"
    }

    /// Hosts that stay above a limit.
    private func overloads(_ load: [Int64]) -> [Blocker] {
        view.measures.flatMap { measure in
            view.hosts.compactMap { host -> Blocker? in
                let share = view.share(of: host, measure.resources, load)
                guard share > measure.limit else { return nil }
                let name = measure.kind == .memory ? "memory" : "CPU"
                return Blocker(
                    host: problem.hosts[host].name,
                    reason: measure.kind == .memory ? .memory : .cpu,
                    detail: "its \(name) stays at \(Self.percent(share)) %, above the limit of "
                        + "\(Self.percent(measure.limit)) %",
                    remedy: "allow more moves, add a host, or raise balance.limits in the policy")
            }
        }
    }
}
