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
    let mending: Mending
    private let budget: Int
    let seed: UInt64
    let effort: SearchEffort

    init(
        maxMoves: Int?, request: PlanRequest, snapshot: ClusterSnapshot, policy: Policy,
        seed: UInt64, effort: SearchEffort
    ) {
        problem = PlacementProblem(snapshot, under: policy)
        self.snapshot = snapshot
        self.request = request
        self.policy = policy
        self.seed = seed
        self.effort = effort
        let compatibility = Compatibility(problem, forbidden: request.forbidden)
        self.compatibility = compatibility
        let mobility = Mobility(problem, snapshot, pinned: request.pinned)
        self.mobility = mobility
        view = BalanceView(problem)
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
        mending = Mending(
            start, targets: problem.hosts.indices.filter { compatibility.isOpen($0) })
        budget = maxMoves ?? policy.balance.maxMoves ?? Int.max
    }

    /// Rounds of planning on, from where the plan so far leads to.
    static let roundsAtMost = 4

    func draft() -> PlanDraft {
        var draft = PlanDraft(
            kind: .balance, hosts: [], outcome: .nothingToDo, problem: problem,
            compatibility: compatibility)
        draft.choosesTargets = true
        let isEven = BalanceScore(view, problem.initialLoad).isEnough(policy.balance)
        guard !isEven || mending.isNeeded else { return draft }
        let (mended, shifted) = mendingMoves()
        let kept = keepingSpareRoom(mended.isEmpty && !isEven ? orderedMoves() : mended)
        draft.sequence = kept.sequence
        draft.batches = kept.batches
        var final = WorkingPlacement(problem)
        for move in draft.sequence {
            final.remove(move.domain)
            final.place(move.domain, on: move.target)
        }
        draft.blockers = kept.blockers + overloads(final.load)
        guard !draft.sequence.isEmpty else {
            if !draft.blockers.isEmpty { draft.outcome = .infeasible }
            draft.blockers += mending.blockers(final)
            return draft
        }
        draft.outcome = .plan
        draft.blockers += mending.blockers(final)
        let relief = cause(final.load)
        let (mending, isMended) = (self.mending, !mended.isEmpty)
        draft.cause = { move in
            (isMended ? mending.reason(move.domain, final, shifted: shifted) : nil) ?? relief(move)
        }
        let moves = request.goal == .balance(maxMoves: nil) ? draft.sequence.count : budget
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
        let knee = search.knee(policy.balance).moves
        let chosen = search.points.last { $0.moves <= knee }?.moves
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
            start, view: view, targets: problem.hosts.indices.filter { compatibility.isOpen($0) },
            budget: budget, seed: seed, effort: effort)
        search.run(toTheEnd: toTheEnd)
        return search
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
        plannedOn(ordered(moves(to: trimmed(searched().knee(policy.balance)))))
    }

    /// What is broken is mended, and then load evened out from there.
    private func mendingMoves() -> (moves: [PlannedMove], shifted: Set<Int>) {
        guard mending.isNeeded, let mended = mending.mended(seed: seed, effort: effort) else {
            return ([], [])
        }
        var moves = DrainSearch.moves(from: start, to: mended.state.placement)
        while moves.count > budget, let last = moves.last {
            let unit = start.units.unit[last.domain]
            moves.removeAll { start.units.unit[$0.domain] == unit }
        }
        return (plannedOn(ordered(moves)), mended.shifted)
    }

    private func plannedOn(_ moves: [PlannedMove]) -> [PlannedMove] {
        var sequence = moves
        guard !sequence.isEmpty else { return [] }
        for _ in 1..<Self.roundsAtMost where sequence.count < budget {
            let after = snapshot.applying(sequence.map(named))
            let next = BalancePlanning(
                maxMoves: budget == Int.max ? nil : budget, request: request, snapshot: after,
                policy: policy, seed: seed, effort: effort)
            guard !BalanceScore(next.view, next.problem.initialLoad).isEnough(policy.balance)
            else { break }
            let more = next.moves(to: next.trimmed(next.searched().knee(policy.balance)))
            guard !more.isEmpty, let merged = merged(sequence, more.map(next.named)) else { break }
            sequence = merged
        }
        return sequence
    }

    private func named(_ move: PlannedMove) -> Move {
        Move(
            domain: problem.domains[move.domain].id, source: problem.hosts[move.source].name,
            target: problem.hosts[move.target].name)
    }

    /// Both lists of moves as one, each domain moved once; nil when that can not be done.
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
        guard all.count <= budget,
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
            case .stuck(let stuck):
                let units = Set(stuck.map { start.units.unit[$0.domain] })
                let before = moves.count
                moves.removeAll { units.contains(start.units.unit[$0.domain]) }
                if moves.count == before { return [] }
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
        return mends(placement)
            || BalanceScore(view, placement.load) < BalanceScore(view, problem.initialLoad)
                && view.improves(placement.load)
    }

    /// Is less broken than at the start? That comes before load.
    func mends(_ placement: WorkingPlacement) -> Bool {
        mending.isNeeded && mending.damage(placement) < mending.before
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
                    detail: "its \(name) stays at \((share + 50) / 100) %, above the limit of "
                        + "\((measure.limit + 50) / 100) %",
                    remedy: "allow more moves, add a host, or raise balance.limits in the policy")
            }
        }
    }
}
