import ClusterModel
import PlacementPolicy

/// Plans to empty hosts: finds every domain that can leave a new host, and if need be moves others
/// between the remaining hosts first.
struct DrainPlanning {
    private let problem: PlacementProblem
    private let compatibility: Compatibility
    private let mobility: Mobility
    private let units: MoveUnits
    private let isMovable: [Bool]
    private let placement: WorkingPlacement
    private let hosts: [HostName]
    private let drained: [Int]
    private let targets: [Int]
    private let definitionsLeft: [HostName: Int]
    private let arrivals: [Blocker]
    private let silence: [Blocker]
    private var random: SplitMix64
    private var blockers: [Blocker] = []

    init(_ hosts: [HostName], in world: DrainWorld, seed: UInt64) {
        let problem = world.problem
        self.problem = problem
        self.hosts = Set(hosts).sorted()
        let drained = self.hosts.compactMap { problem.hostIndex[$0] }
        self.drained = drained
        random = SplitMix64(seed: seed)
        let compatibility = world.compatibility.closing(Set(drained))
        self.compatibility = compatibility
        mobility = world.mobility
        units = world.units
        isMovable = world.isMovable
        placement = world.placement
        targets = problem.hosts.indices.filter { compatibility.isOpen($0) }
        definitionsLeft = world.definitionsLeft
        arrivals = Self.arrivals(at: Set(hosts), in: world.snapshot)
        silence = self.hosts.compactMap { world.snapshot.host($0) }.filter { !$0.isReachable }
            .map { Self.silence(of: $0) }
        blockers = self.hosts.filter { problem.hostIndex[$0] == nil }.map {
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
        at hosts: Set<HostName>, in snapshot: ClusterSnapshot
    ) -> [Blocker] {
        snapshot.inFlight.compactMap { migration in
            guard let target = migration.target, hosts.contains(target) else { return nil }
            let sightings = snapshot.domains.filter { $0.id == migration.domain }
            // One that leaves a drained host is reported as a domain of that host.
            let isLeaving = sightings.contains {
                $0.facts.state.isActive && hosts.contains($0.host)
            }
            guard !isLeaving else { return nil }
            let name = sightings.first?.name ?? migration.domain.rawValue
            return Blocker(
                domain: name, host: target, reason: .busy,
                detail: "a migration to \(target) is already under way",
                remedy:
                    "wait for it to end (virsh domjobinfo on \(migration.source)), then plan again")
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
            kind: .drain, hosts: hosts, outcome: .nothingToDo, problem: problem,
            compatibility: compatibility)
        draft.choosesTargets = true
        let (problem, drained, left) = (self.problem, self.drained, definitionsLeft)
        draft.cause = { move in
            guard drained.contains(move.source) else { return nil }
            let name = problem.hosts[move.source].name
            let stay = left[name].map {
                "; \($0) shut-off \($0 == 1 ? "domain stays" : "domains stay") defined there"
            }
            return "\(name) is drained\(stay ?? "")"
        }
        blockers += arrivals
        let residents = problem.domains.indices.filter { drained.contains(problem.origin[$0]) }
        guard !residents.isEmpty else {
            draft.blockers = blockers
            if !blockers.isEmpty { draft.outcome = .infeasible }
            return draft
        }
        let moving = movingUnits(residents)
        let start = UnitPlacement(
            placement: placement, units: units, compatibility: compatibility,
            isMovable: isMovable)
        var search = DrainSearch(start, targets: targets, effort: effort)
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

    /// A drain that would cost the fleet its N+1 is infeasible.
    private func keepSpareRoom(_ draft: inout PlanDraft, from start: UnitPlacement) {
        guard let keeper = SpareRoomKeeper(problem, closed: Set(drained)) else { return }
        let names = hosts.map(\.rawValue).joined(separator: ", ")
        switch keeper.keep(
            draft.sequence, from: start, targets: targets, what: "with \(names) empty")
        {
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
    private mutating func movingUnits(_ residents: [Int]) -> [Int] {
        var moving: [Int] = []
        for domain in residents {
            let own = mobility.blockers(domain, among: units)
            blockers += own
            let unit = units.unit[domain]
            if own.isEmpty, units.first[unit] == domain { moving.append(unit) }
        }
        return moving
    }
}
