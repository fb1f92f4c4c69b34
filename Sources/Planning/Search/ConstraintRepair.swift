import ClusterModel
import PlacementPolicy

/// Constraints that are broken as things are, and the moves that repair them: bans and fences that
/// a domain lies outside of, groups that should be apart or together, N+1.
///
/// What is broken may stay so and must not become worse; but it is repaired before load is looked
/// at. The engine searches: what is repaired counts most, then few moves, then little to copy. N+1
/// it does not know: where that is broken, units are shifted as long as it gets better.
struct ConstraintRepair {
    /// How much is broken.
    struct BrokenConstraints: Hashable, Comparable {
        /// Domains outside of their rules, members too many at a place, places too many for a
        /// group.
        var rules: Int64 = 0
        /// Memory that would find no room, summed over the hosts that might fail.
        var unprotected: Int64 = 0

        static func < (left: Self, right: Self) -> Bool {
            (left.rules, left.unprotected) < (right.rules, right.unprotected)
        }
    }

    /// What was found.
    struct Result {
        var state: UnitPlacement
        /// Domains that were shifted for N+1 alone.
        var shifted: Set<Int> = []
    }

    private let start: UnitPlacement
    private let targets: [Int]
    private let hasRules: Bool
    private let keeper: SpareRoomKeeper?
    let before: BrokenConstraints

    /// Changes proposed for each unit.
    static let proposalsPerUnit = 300

    init(_ start: UnitPlacement, targets: [Int]) {
        self.start = start
        self.targets = targets
        let policy = start.problem.policy
        hasRules = !policy.ban.isEmpty || !policy.fence.isEmpty
        keeper = SpareRoomKeeper(start.problem, isForgiving: false)
        var before = BrokenConstraints()
        before.rules = Self.rules(start.placement, hasRules)
        before.unprotected = keeper?.excess(start.placement) ?? 0
        self.before = before
    }

    var isNeeded: Bool { before > BrokenConstraints() }

    func brokenConstraints(_ placement: WorkingPlacement) -> BrokenConstraints {
        BrokenConstraints(
            rules: Self.rules(placement, hasRules), unprotected: keeper?.excess(placement) ?? 0)
    }

    private static func rules(_ placement: WorkingPlacement, _ hasRules: Bool) -> Int64 {
        let problem = placement.problem
        var broken: Int64 = 0
        if hasRules {
            for domain in problem.domains.indices
            where isOutside(domain, at: placement.host[domain], problem) { broken += 1 }
        }
        for group in problem.groups { broken += placement.brokenness(of: group) }
        return broken
    }

    private static func isOutside(_ domain: Int, at host: Int, _ problem: PlacementProblem) -> Bool
    {
        HostRules.misfit(
            problem.domains[domain].name, on: problem.hosts[host].name, problem.policy) != nil
    }

    // MARK: Search

    /// Where everything is once as much is repaired as was found; nil where nothing is.
    func repaired(seed: UInt64, effort: SearchEffort) -> Result? {
        var result = Result(state: before.rules > 0 ? searched(seed, effort) ?? start : start)
        if before.unprotected > 0, let keeper {
            let places = result.state.placement.host
            protect(&result.state, keeper)
            result.shifted = Set(
                places.indices.filter { places[$0] != result.state.placement.host[$0] })
        }
        return brokenConstraints(result.state.placement) < before ? result : nil
    }

    private func searched(_ seed: UInt64, _ effort: SearchEffort) -> UnitPlacement? {
        let problem = start.problem
        var assignment = PlacementAssignment(start, targets: targets)
        let outside = start.units.members.indices.filter { unit in
            hasRules
                && start.units.members[unit].contains {
                    Self.isOutside($0, at: problem.origin[$0], problem)
                }
        }
        assignment.repair(outside)
        let proposals = min(effort.proposals, Self.proposalsPerUnit * start.isMovable.count)
        let bins = assignment.search(proposals: proposals, seed: seed)
        guard var state = assignment.placement(at: bins) else { return nil }
        settle(&state)
        return state
    }

    /// Brings what moved to the emptiest of the hosts that are as good for its groups.
    private func settle(_ state: inout UnitPlacement) {
        let moved = start.units.members.indices.filter {
            state.host(of: $0) != start.origin(of: $0)
        }
        for unit in moved {
            let present = state.host(of: unit)
            let wanted = damageToGroups(of: unit, state)
            state.remove(unit)
            var best = (target: present, share: state.share(of: present, adding: unit))
            for target in targets
            where target != present && target != start.origin(of: unit)
                && state.allows(unit, on: target)
            {
                let share = state.share(of: target, adding: unit)
                guard share < best.share, state.fits(unit, on: target) else { continue }
                state.place(unit, on: target)
                if damageToGroups(of: unit, state) <= wanted { best = (target, share) }
                state.remove(unit)
            }
            state.place(unit, on: best.target)
        }
    }

    private func damageToGroups(of unit: Int, _ state: UnitPlacement) -> Int64 {
        let groups = Set(start.units.members[unit].flatMap { start.problem.groupsOfDomain[$0] })
        return groups.reduce(0) { $0 + state.placement.brokenness(of: start.problem.groups[$1]) }
    }

    /// First those that nobody could take over, then the largest of the others.
    private func protect(_ state: inout UnitPlacement, _ keeper: SpareRoomKeeper) {
        let problem = start.problem
        let exposed = Set(
            keeper.worsened(state.placement).flatMap(\.domains).map { start.units.unit[$0] })
        let units = start.isMovable.indices.filter { start.isMovable[$0] }.map { unit in
            let memory = start.units.members[unit].reduce(Int64(0)) {
                $0 + problem.load(of: $1, ResourceLayout.memory)
            }
            return (unit: unit, isExposed: exposed.contains(unit), memory: memory)
        }.sorted {
            $0.isExposed != $1.isExposed
                ? $0.isExposed : ($1.memory, $0.unit) < ($0.memory, $1.unit)
        }
        _ = keeper.repair(&state, units: units.map(\.unit), targets: targets)
    }

    // MARK: Words

    /// The constraint for which a domain moves; nil when it moves for another reason.
    func reason(_ domain: Int, _ final: WorkingPlacement, shifted: Set<Int>) -> String? {
        let problem = start.problem
        let host = problem.origin[domain]
        let name = problem.hosts[host].name
        if let misfit = HostRules.misfit(
            problem.domains[domain].name, on: name, problem.policy)
        {
            return "\(name) does not suit it: \(misfit.detail)"
        }
        for index in problem.groupsOfDomain[domain] {
            let group = problem.groups[index]
            guard final.brokenness(of: group) < start.placement.brokenness(of: group) else {
                continue
            }
            let zone = group.scope == .zone ? "a zone" : "a host"
            switch group.kind {
            case .apart:
                let item = problem.item(of: host, in: group.scope)
                let others = group.members.filter {
                    $0 != domain && problem.item(of: problem.origin[$0], in: group.scope) == item
                }
                guard let other = others.first else { continue }
                return "group '\(group.name)' must be apart, and shares \(zone) with "
                    + "\(problem.domains[other].name)"
            case .together:
                return "group '\(group.name)' must be together, and is on "
                    + "\(group.initialSpread) \(group.scope == .zone ? "zones" : "hosts")"
            }
        }
        guard shifted.contains(domain), let keeper else { return nil }
        let exposed = keeper.worsened(start.placement).map { problem.hosts[$0.host].name.rawValue }
        return "so that \(exposed.joined(separator: ", ")) may fail (N+1)"
    }

    /// What stays broken.
    func blockers(_ final: WorkingPlacement) -> [Blocker] {
        let problem = start.problem
        var blockers: [Blocker] = []
        for domain in problem.domains.indices where hasRules {
            let host = problem.hosts[final.host[domain]].name
            guard
                let misfit = HostRules.misfit(
                    problem.domains[domain].name, on: host, problem.policy)
            else { continue }
            blockers.append(
                Blocker(
                    domain: problem.domains[domain].name, host: host, reason: misfit.reason,
                    detail: "it stays where \(misfit.detail)", remedy: misfit.remedy))
        }
        for group in problem.groups where final.brokenness(of: group) > 0 {
            let isApart = if case .apart = group.kind { true } else { false }
            blockers.append(
                Blocker(
                    domain: problem.domains[group.members[0]].name,
                    reason: isApart ? .antiAffinity : .affinity,
                    detail: "group '\(group.name)' stays \(isApart ? "crowded" : "spread")",
                    remedy: "free room on other hosts, or change the group"))
        }
        return blockers
    }
}

extension WorkingPlacement {
    /// Members too many at a place of a group that should be apart, or places too many of one that
    /// should be together.
    func brokenness(of group: DomainGroup) -> Int64 {
        var present: [Int: Int] = [:]
        for member in group.members where host[member] != Self.nowhere {
            present[problem.item(of: host[member], in: group.scope), default: 0] += 1
        }
        switch group.kind {
        case .together: return Int64(max(0, present.count - 1))
        case .apart:
            for (domain, place) in problem.arriving {
                let item = problem.item(of: place, in: group.scope)
                if problem.isSecondPlace(domain, place, of: group, at: item) {
                    present[item, default: 0] += 1
                }
            }
            return present.values.reduce(0) { $0 + Int64(max(0, $1 - 1)) }
        }
    }
}
