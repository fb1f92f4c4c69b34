import ClusterModel
import PlacementPolicy

/// Plans to run the fleet on as few hosts as possible: hosts are emptied and stay so, those that
/// were empty stay empty, and no other is filled above the policy's ceilings.
struct ConsolidatePlanning {
    private let problem: PlacementProblem
    private let snapshot: ClusterSnapshot
    private let request: PlanRequest
    private let policy: Policy
    private let seed: UInt64
    private let effort: SearchEffort
    private let mobility: Mobility
    private let start: UnitPlacement
    private let repair: ConstraintRepair
    private let inUse: [Int]
    private let idle: Set<Int>
    private let candidates: [Int]
    private let budget: Int

    init(
        _ request: PlanRequest, snapshot: ClusterSnapshot, policy: Policy, seed: UInt64,
        effort: SearchEffort, budget: Int? = nil
    ) {
        let rules = policy.consolidate
        let problem = PlacementProblem(
            snapshot, under: policy,
            ceilings: .init(memory: rules.memoryLimit, cpu: rules.cpuLimit))
        self.problem = problem
        self.snapshot = snapshot
        self.request = request
        self.policy = policy
        self.seed = seed
        self.effort = effort
        self.budget = budget ?? rules.maxMoves ?? Int.max
        let placement = WorkingPlacement(problem)
        let inUse = PlacementScore.inUse(placement)
        self.inUse = inUse
        idle = Set(problem.hosts.indices).subtracting(inUse)
        let mobility = Mobility(problem, snapshot, request)
        self.mobility = mobility
        let units = MoveUnits(problem, joined: true)
        let isMovable = units.members.map { $0.allSatisfy { mobility.isMovable($0) } }
        start = UnitPlacement(
            placement: placement, units: units,
            compatibility: Compatibility(problem, closed: idle, forbidden: request.forbidden),
            isMovable: isMovable.enumerated().map { unit, isMovable in
                isMovable
                    && !problem.hosts[placement.host[units.first[unit]]].inMaintenance
            })
        let compatibility = start.compatibility
        repair = ConstraintRepair(start, targets: inUse.filter { compatibility.isOpen($0) })
        let asked = request.emptiedOnly
        candidates = inUse.filter { host in
            let it = problem.hosts[host]
            return !it.inMaintenance && !rules.keep.matches(it.name.rawValue)
                && asked?.contains(it.name) ?? true
                && !problem.arriving.contains { $0.host == host }
                && placement.residents[host].allSatisfy { isMovable[units.unit[$0]] }
        }
    }

    func draft() -> PlanDraft {
        let rules = policy.consolidate
        var draft = PlanDraft(
            kind: .consolidate, hosts: [], outcome: .nothingToDo, problem: problem,
            compatibility: start.compatibility)
        draft.choosesTargets = true
        guard let found = planned(), found.emptied.count >= rules.minEmptied else {
            draft.blockers = blockers(besides: [])
            return draft
        }
        let emptied = Set(found.emptied)
        draft.blockers = blockers(besides: emptied)
        let names = found.emptied.map { problem.hosts[$0].name }.sorted()
        draft.hosts = names
        draft.outcome = .plan
        draft.sequence = found.sequence
        draft.batches = found.batches
        draft.compatibility = Compatibility(
            problem, closed: idle.union(emptied), forbidden: request.forbidden)
        let final = found.sequence.reduce(into: start.placement) { placement, move in
            placement.remove(move.domain)
            placement.place(move.domain, on: move.target)
        }
        let (purpose, repair) = (cause(emptied), repair)
        draft.cause = { move in
            purpose(move) ?? repair.reason(move.domain, final, shifted: found.shifted)
        }
        draft.bound = [PlacementScore.hostsInUse: Double(fewestHosts)]
        draft.gapFigure = PlacementScore.hostsInUse
        // Whatever is emptied, these are the hosts with the fewest domains.
        draft.fewestMoves = candidates.map { problem.count(at: $0) }.sorted()
            .prefix(emptied.count).reduce(0, +)
        return draft
    }

    private func cause(_ emptied: Set<Int>) -> (PlannedMove) -> String? {
        let problem = self.problem
        let left = inUse.count - emptied.count
        let hosts = "\(left) \(left == 1 ? "host carries" : "hosts carry")"
        let purpose = "is emptied, so that \(hosts) what \(inUse.count) did"
        return { move in
            let home = problem.origin[move.domain]
            return emptied.contains(home) ? "\(problem.hosts[home].name) \(purpose)" : nil
        }
    }

    /// What no plan can undercut. Hosts that hold what cannot move stay in use, and so do as many
    /// as the policy says; but where something must be repaired first, that can empty any of them.
    private var fewestHosts: Int {
        let fixed = inUse.filter {
            repair.isNeeded ? !canBeLeft($0) : !candidates.contains($0)
        }
        let anyone = Compatibility(problem)
        let others = problem.hosts.indices.filter {
            !fixed.contains($0) && anyone.isOpen($0)
        }
        let bound = HostsBound(
            problem, fixed: fixed, others: others, isOpen: { anyone.isOpen($0) },
            keepsSpareRoom: fixed.allSatisfy { anyone.isOpen($0) }
                && SpareRoomKeeper(problem)?.isWhole == true)
        return repair.isNeeded
            ? bound.fewest : max(bound.fewest, min(policy.consolidate.minActive, inUse.count))
    }

    private func canBeLeft(_ host: Int) -> Bool {
        !problem.arriving.contains { $0.host == host }
            && start.placement.residents[host].allSatisfy {
                start.isMovable[start.units.unit[$0]]
            }
    }

    /// What keeps the guests of hosts that were asked for by name and stay in use, as a drain lists
    /// it. Of others nobody asked.
    private func blockers(besides emptied: Set<Int>) -> [Blocker] {
        let hosts = Set(request.emptiedOnly ?? []).sorted().compactMap { problem.hostIndex[$0] }
            .filter { !emptied.contains($0) }
        let residents = hosts.flatMap { start.placement.residents[$0].sorted() }
        return residents.flatMap { mobility.blockers($0, among: start.units) }
            + DrainPlanning.arrivals(at: Set(hosts.map { problem.hosts[$0].name }), in: snapshot)
            + hosts.map { problem.hosts[$0] }.filter { !$0.isReachable }
            .map { DrainPlanning.silence(of: $0) }
    }

    // MARK: Search

    /// Hosts to empty, and the steps in order.
    private struct Found {
        var emptied: [Int]
        var sequence: [PlannedMove]
        var batches: [Int]
        /// Domains that were shifted only to repair N+1.
        var shifted: Set<Int> = []
    }

    private func searched() -> EmptyingSearch.Outcome {
        let rules = policy.consolidate
        let takers = inUse.filter { start.compatibility.isOpen($0) }
        let (problem, idle) = (self.problem, self.idle)
        let origin = start
        let open = SpareRoomKeeper(problem)
        let search = EmptyingSearch(
            start: start, takers: takers, candidates: candidates,
            emptiedAtMost: max(0, inUse.count - max(fewestHosts, rules.minActive)),
            movesAtMost: budget, proposals: effort.proposals
        ) { state, emptied, targets in
            guard let keeper = open?.closing(idle.union(emptied)) else { return true }
            if keeper.worsened(state.placement).isEmpty { return true }
            let moved = state.units.members.indices.filter {
                state.host(of: $0) != origin.host(of: $0)
            }
            return keeper.repair(&state, units: moved, targets: targets)
        }
        var random = SplitMix64(seed: seed)
        return search.run(random: &random)
    }

    /// Planned on from where the plan leads to until nothing more can be emptied, so that a plan
    /// that was carried out leaves nothing to do.
    private func planned() -> Found? {
        if repair.isNeeded, let found = repairedFirst() { return found }
        let first = searched()
        guard var found = ordered(first.emptied, fallback: first.state) else { return nil }
        while found.sequence.count < budget {
            let after = snapshot.applying(found.sequence.map(named))
            let next = ConsolidatePlanning(
                request, snapshot: after, policy: policy, seed: seed, effort: effort,
                budget: budget == Int.max ? nil : budget - found.sequence.count)
            let more = next.searched()
            guard var further = next.ordered(more.emptied, fallback: more.state) else { break }
            // The resulting world numbers its domains and hosts itself.
            further.sequence = further.sequence.compactMap { numbered(next.named($0)) }
            let all = (found.emptied + further.emptied).sorted()
            if let whole = ordered(all, fallback: nil), whole.emptied.count == all.count {
                found = whole
            } else if let joined = joined(found, further) {
                found = joined
            } else {
                break
            }
        }
        return found
    }

    private func named(_ move: PlannedMove) -> Move {
        Move(
            domain: problem.domains[move.domain].id, source: problem.hosts[move.source].name,
            target: problem.hosts[move.target].name)
    }

    /// What is broken is repaired, and then hosts are emptied from there.
    private func repairedFirst() -> Found? {
        guard let repaired = repair.repaired(seed: seed, effort: effort),
            case .sequence(let sequence) = Ordering.order(
                DrainSearch.moves(from: start, to: repaired.state.placement), problem,
                start.compatibility), sequence.count < budget
        else { return nil }
        let next = ConsolidatePlanning(
            request, snapshot: snapshot.applying(sequence.map(named)), policy: policy, seed: seed,
            effort: effort, budget: budget == Int.max ? nil : budget - sequence.count)
        guard var found = next.planned() else { return nil }
        found.sequence = found.sequence.compactMap { numbered(next.named($0)) }
        var joined = joined(Found(emptied: [], sequence: sequence, batches: []), found)
        joined?.shifted.formUnion(repaired.shifted)
        return joined
    }

    private func numbered(_ move: Move) -> PlannedMove? {
        guard let domain = problem.domainIndex[move.domain],
            let source = problem.hostIndex[move.source], let target = problem.hostIndex[move.target]
        else { return nil }
        return PlannedMove(domain: domain, source: source, target: target)
    }

    /// One plan after the other: some domain may move twice. The second was made in the world after
    /// the first, of which not everything is known, so each move is looked at once more.
    private func joined(_ found: Found, _ further: Found) -> Found? {
        let sequence = found.sequence + further.sequence
        var placement = WorkingPlacement(problem)
        for move in sequence {
            guard placement.overflow(adding: move.domain, to: move.target) == nil,
                placement.brokenGroup(move.domain, at: move.target, isMoving: true) == nil
            else { return nil }
            placement.remove(move.domain)
            placement.place(move.domain, on: move.target)
        }
        let emptied = found.emptied + further.emptied
        guard let keeper = SpareRoomKeeper(problem, closed: idle.union(emptied)) else {
            return Found(emptied: emptied, sequence: sequence, batches: [])
        }
        guard keeper.worsened(placement).isEmpty,
            case .found(let batches) = keeper.batches(sequence)
        else { return nil }
        return Found(emptied: emptied, sequence: sequence, batches: batches)
    }

    /// The moves that empty these hosts, in order. Where no order is found, one host fewer, the
    /// dearest first, is emptied.
    private func ordered(_ hosts: [Int], fallback: UnitPlacement?) -> Found? {
        var hosts = hosts
        var fallback = fallback
        while !hosts.isEmpty {
            if let found = drained(hosts) ?? fallback.flatMap({ reached($0, hosts) }) {
                return found
            }
            fallback = nil
            let dearest = hosts.max { (problem.count(at: $0), $0) < (problem.count(at: $1), $1) }
            hosts.removeAll { $0 == dearest }
        }
        return nil
    }

    /// As a drain of these hosts: few others move, and those that stay in use are evened out.
    private func drained(_ hosts: [Int]) -> Found? {
        let targets = inUse.filter { start.compatibility.isOpen($0) && !hosts.contains($0) }
        let moving = start.units.members.indices.filter { hosts.contains(start.host(of: $0)) }
        var random = SplitMix64(seed: seed)
        var few = effort
        few.trialsPerRound = min(few.trialsPerRound, 2000)
        few.trialsPerRoundWhenSmall = min(few.trialsPerRoundWhenSmall, 2000)
        few.proposals = min(few.proposals, 10_000)
        var search = DrainSearch(start, targets: targets, effort: few)
        let finding = search.run(moving, bestEffort: false, random: &random)
        guard finding.blockers.isEmpty else { return nil }
        return kept(finding.sequence, hosts, targets)
    }

    private func reached(_ state: UnitPlacement, _ hosts: [Int]) -> Found? {
        let moves = DrainSearch.moves(from: start, to: state.placement)
        let targets = inUse.filter { start.compatibility.isOpen($0) && !hosts.contains($0) }
        guard
            case .sequence(let sequence) = Ordering.order(moves, problem, start.compatibility)
        else { return nil }
        return kept(sequence, hosts, targets)
    }

    private func kept(
        _ sequence: [PlannedMove], _ hosts: [Int], _ targets: [Int]
    ) -> Found? {
        guard sequence.count <= budget else { return nil }
        guard let keeper = SpareRoomKeeper(problem, closed: idle.union(hosts)) else {
            return Found(emptied: hosts, sequence: sequence, batches: [])
        }
        switch keeper.keep(sequence, from: start, targets: targets, what: "with them empty") {
        case .kept(let sequence, let batches):
            return Found(emptied: hosts, sequence: sequence, batches: batches)
        case .broken: return nil
        }
    }
}

extension PlanRequest {
    fileprivate var emptiedOnly: [HostName]? {
        switch goal {
        case .consolidate(let only): only
        case .drain, .move, .return, .moves, .balance: nil
        }
    }
}

extension PlacementProblem {
    /// Domains on a host at the start.
    fileprivate func count(at host: Int) -> Int { origin.reduce(0) { $0 + ($1 == host ? 1 : 0) } }
}
