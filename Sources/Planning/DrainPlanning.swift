import ClusterModel
import PlacementPolicy

/// Plans to empty hosts, or to move the domains that were named: finds every domain that is to
/// leave a new host, and if need be moves others between the remaining hosts first.
struct DrainPlanning {
    private let kind: MigrationPlan.Kind
    private let problem: PlacementProblem
    private let compatibility: Compatibility
    private let mobility: Mobility
    private let units: MoveUnits
    private let isMovable: [Bool]
    private let placement: WorkingPlacement
    private let wishes: PlanWishes
    private let hosts: [HostName]
    private let drained: [Int]
    private let leaving: Leaving
    private let targets: [Int]
    private let definitionsLeft: [HostName: Int]
    private let arrivals: [Blocker]
    private let silence: [Blocker]
    private var random: SplitMix64
    private var blockers: [Blocker] = []

    /// For the goal of the world's request.
    init(_ world: DrainWorld, seed: UInt64) {
        self.init(world.request, in: world, seed: seed)
    }

    /// For a drain or a move that need not be the world's own.
    init(_ request: PlanRequest, in world: DrainWorld, seed: UInt64) {
        let problem = world.problem
        self.problem = problem
        wishes = request.wishes
        if case .drain(let hosts, _) = request.goal {
            (kind, self.hosts) = (.drain, Set(hosts).sorted())
        } else {
            (kind, hosts) = (.move, [])
        }
        let drained = hosts.compactMap { problem.hostIndex[$0] }
        self.drained = drained
        random = SplitMix64(seed: seed)
        let leaving = Leaving(request, problem, world.snapshot)
        self.leaving = leaving
        let compatibility = world.compatibility.closing(
            Set(drained), leavingOut: request.wishes.notTo, confining: leaving.confined)
        self.compatibility = compatibility
        mobility = world.mobility
        units = world.units
        var isMovable = world.isMovable
        for domain in leaving.settled { isMovable[world.units.unit[domain]] = false }
        self.isMovable = isMovable
        placement = world.placement
        targets = problem.hosts.indices.filter { compatibility.isOpen($0) }
        definitionsLeft = world.definitionsLeft
        arrivals = Self.arrivals(
            at: Set(hosts), in: world.snapshot, except: request.wishes.except.map(\.domain))
        silence = hosts.compactMap { world.snapshot.host($0) }.filter { !$0.isReachable }
            .map { Self.silence(of: $0) }
        blockers =
            leaving.blockers
            + (hosts + request.wishes.to).filter { problem.hostIndex[$0] == nil }.map {
                Blocker(
                    host: $0, reason: .other, detail: "there is no host \($0) in the fleet",
                    remedy: "kvmbalance hosts list shows the names")
            }
    }

    /// A host on which it is unknown what runs: it must not be taken for empty.
    static func silence(of host: Host) -> Blocker {
        Blocker(
            host: host.name, reason: .unreachable,
            detail: "it is unknown what runs there: \(host.fault ?? "never read")",
            remedy:
                "make it reachable (see 'kvmbalance hosts check \(host.name)'); from a "
                + "dead host nothing can be migrated")
    }

    /// What is on its way to a drained host by a migration that someone else began: it would run
    /// there when the drain has ended.
    static func arrivals(
        at hosts: Set<HostName>, in snapshot: ClusterSnapshot, except excepted: [DomainID] = []
    ) -> [Blocker] {
        snapshot.inFlight.compactMap { migration in
            guard let target = migration.target, hosts.contains(target) else { return nil }
            let sightings = snapshot.domains.filter { $0.id == migration.domain }
            // One that leaves a drained host is reported as a domain of that host.
            let isLeaving = sightings.contains {
                $0.facts.state.isActive && hosts.contains($0.host) && !excepted.contains($0.id)
            }
            guard !isLeaving else { return nil }
            let name = sightings.first?.name ?? migration.domain.rawValue
            return Blocker(
                domain: name, host: target, reason: .busy,
                detail: "a migration to \(target) is already under way",
                remedy:
                    "wait for it to end (virsh domjobinfo on \(migration.source)), then plan again",
                job: PassingJob(.migration))
        }
    }

    mutating func draft(bestEffort: Bool, effort: SearchEffort) -> PlanDraft {
        var draft = leaving(bestEffort: bestEffort, effort: effort)
        draft.isWhole = draft.blockers.isEmpty
        draft.left = Set(draft.blockers.compactMap(\.domain))
        // Not counted above, where it is asked whether more CPU would help.
        draft.blockers += silence
        if !silence.isEmpty, !bestEffort || draft.outcome != .plan { draft.outcome = .infeasible }
        return draft
    }

    private mutating func leaving(bestEffort: Bool, effort: SearchEffort) -> PlanDraft {
        var draft = PlanDraft(
            kind: kind, hosts: hosts, outcome: .nothingToDo, problem: problem,
            compatibility: compatibility)
        draft.choosesTargets = true
        (draft.wishes, draft.staying) = (wishes, leaving.notes)
        draft.cause = cause
        blockers += arrivals
        guard !leaving.domains.isEmpty else {
            draft.blockers = blockers
            if !blockers.isEmpty { draft.outcome = .infeasible }
            return draft
        }
        let moving = movingUnits()
        draft.leaving = Set(moving.flatMap { units.members[$0] }.map { problem.domains[$0].id })
        let start = UnitPlacement(
            placement: placement, units: units, compatibility: compatibility,
            isMovable: isMovable, mustLeave: Set(moving))
        var search = DrainSearch(
            start, targets: targets, confined: leaving.confined.mapValues(\.hosts), effort: effort)
        let found = search.run(moving, bestEffort: bestEffort, random: &random)
        blockers += found.blockers
        draft.blockers = blockers
        draft.sequence = found.sequence
        let isWhole = blockers.isEmpty
        // Of a best effort that leaves some behind nobody knows how many must go.
        if isWhole { draft.fewestMoves = moving.reduce(0) { $0 + units.members[$1].count } }
        draft.isProven = !search.wasCut
        draft.outcome =
            isWhole || (bestEffort && !found.sequence.isEmpty) ? .plan : .infeasible
        if draft.outcome == .plan { keepSpareRoom(&draft, from: start) }
        return draft
    }

    /// Why a domain leaves; nil of one that only makes room.
    private var cause: (PlannedMove) -> String? {
        let (problem, drained, left, units) = (problem, drained, definitionsLeft, units)
        let (named, to) = (
            Set(leaving.domains), wishes.to.map(\.rawValue).joined(separator: " or ")
        )
        guard kind == .move else {
            return { move in
                guard drained.contains(move.source) else { return nil }
                let name = problem.hosts[move.source].name
                let stay = left[name].map {
                    "; \($0) shut-off \($0 == 1 ? "domain stays" : "domains stay") defined there"
                }
                return "\(name) is drained\(stay ?? "")"
            }
        }
        return { move in
            if named.contains(move.domain) {
                return to.isEmpty
                    ? "it is to leave \(problem.hosts[problem.origin[move.domain]].name)"
                    : "it is to move to \(to)"
            }
            let others = units.members[units.unit[move.domain]].filter { named.contains($0) }
            let names = others.map { problem.domains[$0].name }.joined(separator: ", ")
            return names.isEmpty
                ? nil : "moves with \(names), which an affinity group keeps it with"
        }
    }

    /// A drain that would cost the fleet its N+1 is infeasible.
    private func keepSpareRoom(_ draft: inout PlanDraft, from start: UnitPlacement) {
        guard let keeper = SpareRoomKeeper(problem, closed: Set(drained)) else { return }
        let names = hosts.map(\.rawValue).joined(separator: ", ")
        let what = kind == .move ? "after the move" : "with \(names) empty"
        switch keeper.keep(draft.sequence, from: start, targets: targets, what: what) {
        case .kept(let sequence, let batches):
            draft.sequence = sequence
            draft.batches = batches
        case .broken(let blockers):
            draft.blockers += blockers
            draft.outcome = .infeasible
            // Not every placement was tried.
            draft.isProven = false
        }
    }

    /// The units that may leave; what keeps the others goes to the blockers.
    private mutating func movingUnits() -> [Int] {
        var moving: [Int] = []
        var seen: Set<Int> = []
        for domain in leaving.domains {
            let own = mobility.blockers(domain, among: units)
            blockers += own
            let unit = units.unit[domain]
            if own.isEmpty, seen.insert(unit).inserted { moving.append(unit) }
        }
        return moving
    }
}
