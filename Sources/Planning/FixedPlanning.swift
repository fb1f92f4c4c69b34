import ClusterModel
import PlacementPolicy

/// Plans moves whose targets are given: bringing domains home, and rolling a run back.
struct FixedPlanning {
    private let kind: MigrationPlan.Kind
    private let problem: PlacementProblem
    private let compatibility: Compatibility
    private let mobility: Mobility
    private let wanted: [PlannedMove]
    private let hosts: [HostName]
    /// What was asked for and is no longer the case: reported, and no reason to refuse the rest.
    private let skipped: [Blocker]
    private let causes: [Int: String]

    /// Of a return or of moves that are given.
    init(
        _ request: PlanRequest, snapshot: ClusterSnapshot, policy: Policy,
        cpu: PlacementProblem.CPURoom
    ) {
        let problem = PlacementProblem(snapshot, under: policy, cpu: cpu)
        switch request.goal {
        case .return(let homecomings, _):
            let wishes = homecomings.map { ($0.domain, $0.displacedAt, $0.home) }
            self.init(.return, wishes, request, problem, snapshot)
        case .moves(let moves, _):
            let wishes = moves.map { ($0.domain, HostName?.some($0.source), $0.target) }
            self.init(.rollback, wishes, request, problem, snapshot)
        case .drain, .move, .balance, .consolidate:
            self.init(.rollback, [], request, problem, snapshot)
        }
    }

    private init(
        _ kind: MigrationPlan.Kind, _ wishes: [(id: DomainID, from: HostName?, to: HostName)],
        _ request: PlanRequest, _ problem: PlacementProblem, _ snapshot: ClusterSnapshot
    ) {
        self.kind = kind
        self.problem = problem
        hosts = Set(wishes.map(\.to) + request.starts.map(\.host)).sorted()
        compatibility = Compatibility(
            problem, homes: Set(hosts.compactMap { problem.hostIndex[$0] }),
            forbidden: request.forbidden, isWayBack: true)
        mobility = Mobility(problem, snapshot, request)
        var wanted: [PlannedMove] = []
        var skipped: [Blocker] = []
        var causes: [Int: String] = [:]
        let domains = Dictionary(
            firstOf: snapshot.domains.map { ($0.id, $0) })
        for wish in wishes {
            switch Self.look(at: wish, problem, domains[wish.id]) {
            case .move(let move):
                guard causes[move.domain] == nil else { continue }
                wanted.append(move)
                causes[move.domain] =
                    kind == .return ? "returns to \(wish.to)" : "goes back to \(wish.to)"
            case .skip(let blocker): skipped.append(blocker)
            case .done: continue
            }
        }
        self.wanted = wanted.sorted { $0.domain < $1.domain }
        self.skipped = skipped
        self.causes = causes
    }

    /// What became of a wish.
    private enum Finding {
        case move(PlannedMove)
        case skip(Blocker)
        case done
    }

    private static func look(
        at wish: (id: DomainID, from: HostName?, to: HostName), _ problem: PlacementProblem,
        _ domain: Domain?
    ) -> Finding {
        guard let domain else {
            return .skip(
                Blocker(
                    domain: wish.id.rawValue, reason: .state,
                    detail: "skipped: no host has it any longer",
                    remedy: "nothing, if that is intended")
            )
        }
        if domain.host == wish.to { return .done }
        let skip = { (detail: String) in
            Finding.skip(
                Blocker(
                    domain: domain.name, host: domain.host, reason: .state,
                    detail: "skipped: \(detail)", remedy: "move it by hand if it should still move")
            )
        }
        if let from = wish.from, domain.host != from {
            return skip("it was left on \(from) and is on \(domain.host) now")
        }
        guard let index = problem.domainIndex[wish.id] else {
            return skip("it is \(domain.facts.state.rawValue)")
        }
        guard let target = problem.hostIndex[wish.to] else {
            return skip("host \(wish.to) is no longer in the fleet")
        }
        return .move(PlannedMove(domain: index, source: problem.origin[index], target: target))
    }

    func draft(bestEffort: Bool) -> PlanDraft {
        var draft = PlanDraft(
            kind: kind, hosts: hosts, outcome: .nothingToDo, blockers: skipped, problem: problem,
            compatibility: compatibility)
        draft.cause = { causes[$0.domain] }
        guard !wanted.isEmpty else { return draft }
        var moves: [PlannedMove] = []
        var blockers: [Blocker] = []
        var dropped: [(move: PlannedMove, blockers: [Blocker])] = []
        for move in wanted {
            var own = mobility.blockers(move.domain)
            if let misfit = compatibility.blocker(
                move.domain, from: move.source, to: move.target)
            {
                own.append(misfit)
            }
            if own.isEmpty { moves.append(move) } else { blockers += own }
        }
        var sequence: [PlannedMove] = []
        // Each round takes at least one move out, so this ends.
        while !moves.isEmpty {
            if let (failed, shortage) = firstMisfit(moves) {
                dropped.append((failed, [shortage]))
                moves.removeAll { $0 == failed }
            } else {
                switch Ordering.order(moves, problem, compatibility) {
                case .sequence(let found): sequence = found
                case .stuck(let stuck, _):
                    dropped += zip(stuck, Ordering.blockers(stuck, problem)).map { ($0, [$1]) }
                    moves.removeAll { move in stuck.contains { $0.domain == move.domain } }
                    continue
                }
                break
            }
        }
        if bestEffort { readmit(&dropped, &moves, &sequence) }
        blockers += dropped.flatMap(\.blockers)
        draft.blockers += blockers
        draft.isWhole = blockers.isEmpty
        draft.left = Set(blockers.compactMap(\.domain))
        guard blockers.isEmpty || (bestEffort && !sequence.isEmpty) else {
            draft.outcome = .infeasible
            return draft
        }
        draft.outcome = .plan
        draft.sequence = sequence
        draft.fewestMoves = moves.count
        return draft
    }

    /// What was left out for want of room may fit once others are left out too: each is tried
    /// again, smallest first, until none can join. O(d²) orderings of d moves left out.
    private func readmit(
        _ dropped: inout [(move: PlannedMove, blockers: [Blocker])], _ moves: inout [PlannedMove],
        _ sequence: inout [PlannedMove]
    ) {
        dropped.sort {
            let sizes = [$0, $1].map { problem.load(of: $0.move.domain, ResourceLayout.memory) }
            return sizes[0] != sizes[1]
                ? sizes[0] < sizes[1] : $0.move.domain < $1.move.domain
        }
        var index = 0
        while index < dropped.count {
            let more = moves + [dropped[index].move]
            guard firstMisfit(more) == nil,
                case .sequence(let found) = Ordering.order(more, problem, compatibility)
            else {
                index += 1
                continue
            }
            moves = more
            sequence = found
            dropped.remove(at: index)
            index = 0
        }
    }

    /// The first move, biggest first, that finds its target full once all the others are made.
    private func firstMisfit(_ moves: [PlannedMove]) -> (PlannedMove, Blocker)? {
        var placement = WorkingPlacement(problem)
        for move in moves { placement.remove(move.domain) }
        let bySize = moves.sorted {
            let sizes = [$0, $1].map { problem.load(of: $0.domain, ResourceLayout.memory) }
            return sizes[0] != sizes[1] ? sizes[0] > sizes[1] : $0.domain < $1.domain
        }
        for move in bySize {
            // Affinity is not asked: the targets are the request's, and going back to where a group
            // was spread already must stay possible.
            guard placement.overflow(adding: move.domain, to: move.target) == nil,
                placement.brokenGroup(move.domain, at: move.target, isMoving: true) == nil
            else {
                let units = MoveUnits(problem, joined: false)
                let state = UnitPlacement(
                    placement: placement, units: units, compatibility: compatibility,
                    isMovable: [])
                return (
                    move, Shortage(state, targets: [move.target]).blocker(for: move.domain)
                )
            }
            placement.place(move.domain, on: move.target)
        }
        return nil
    }
}
