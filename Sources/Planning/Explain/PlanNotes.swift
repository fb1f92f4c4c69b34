import ClusterModel
import PlacementPolicy

/// Adds to a plan what each step does to the score, why the other hosts are not used, and why the
/// domains of the busiest host stay.
struct PlanNotes {
    private let problem: PlacementProblem
    private let compatibility: Compatibility
    private let choosesTargets: Bool
    private let leaving: Set<DomainID>

    /// Moved domains that each unused host is held against; hosts times moves would grow too fast.
    private static let domainsLookedAt = 50
    private static let domainsTold = 40

    init(_ draft: PlanDraft) {
        problem = draft.problem
        compatibility = draft.compatibility
        choosesTargets = draft.choosesTargets
        leaving = draft.leaving
    }

    func write(into plan: inout MigrationPlan) {
        guard plan.outcome == .plan else { return }
        var placement = WorkingPlacement(problem)
        var moved: Set<Int> = []
        let last = Dictionary(
            plan.steps.map { ($0.move.domain, $0.id) }, uniquingKeysWith: { max($0, $1) })
        var score = RunningScore(placement)
        var figures = PlacementScore.figures(score, domainsMoved: 0)
        for index in plan.steps.indices {
            let step = plan.steps[index]
            guard let domain = problem.domainIndex[step.move.domain],
                let target = problem.hostIndex[step.move.target]
            else { continue }
            let source = placement.host[domain]
            placement.remove(domain)
            placement.place(domain, on: target)
            for host in [source, target] { score.look(at: host, in: placement) }
            moved.insert(domain)
            let after = PlacementScore.figures(score, domainsMoved: moved.count)
            plan.steps[index].effect = StepEffect(
                serves: serves(step, plan, isLast: last[step.move.domain] == step.id),
                before: figures, after: after)
            figures = after
        }
        guard choosesTargets else { return }
        plan.unused = unused(plan, placement, moved.sorted())
        if plan.kind == .balance { plan.staying = staying(placement, moved) }
    }

    private func serves(_ step: Step, _ plan: MigrationPlan, isLast: Bool) -> String {
        if !isLast { return "order" }
        return isAsked(step, plan) ? plan.kind.rawValue : "room"
    }

    /// Does it leave because it was to, and not to make room?
    private func isAsked(_ step: Step, _ plan: MigrationPlan) -> Bool {
        switch plan.kind {
        case .drain: plan.hosts.contains(step.move.source)
        case .move: leaving.contains(step.move.domain)
        case .return, .balance, .consolidate, .rollback: true
        }
    }

    // MARK: Hosts

    private func unused(
        _ plan: MigrationPlan, _ final: WorkingPlacement, _ moved: [Int]
    ) -> [PlanNote] {
        let targets = Set(plan.steps.map(\.move.target))
        let drained = Set(plan.hosts)
        var notes = NoteList()
        for host in problem.hosts.indices
        where !targets.contains(problem.hosts[host].name)
            && !drained.contains(problem.hosts[host].name)
        {
            notes.add(problem.hosts[host].name.rawValue, reason(host, final, moved))
        }
        return notes.notes
    }

    /// What binds for most of the domains that moved elsewhere.
    private func reason(_ host: Int, _ final: WorkingPlacement, _ moved: [Int]) -> String {
        var counts: [String: Int] = [:]
        var order: [String] = []
        func count(_ text: String) {
            if counts[text] == nil { order.append(text) }
            counts[text, default: 0] += 1
        }
        var fitting = 0
        for domain in moved.prefix(Self.domainsLookedAt) where problem.origin[domain] != host {
            let source = problem.origin[domain]
            if !compatibility.allows(domain, from: source, to: host) {
                let blocker = compatibility.blocker(
                    domain, from: source, to: host, isGeneral: true)
                count(blocker?.detail ?? "it may not take them")
            } else if let resource = final.overflow(adding: domain, to: host) {
                let what = problem.layout.resources[resource].blockerReason.rawValue
                count("too little room for any of them: \(what)")
            } else if let group = final.brokenGroup(domain, at: host, isMoving: true) {
                count(problem.groups[group].title)
            } else {
                fitting += 1
            }
        }
        if fitting > 0 { return "it would take some of them; others are less loaded" }
        let most = order.max { counts[$0, default: 0] < counts[$1, default: 0] }
        return most ?? "no domain needs to move there"
    }

    // MARK: Domains

    /// Why what is on the busiest host does not go on to another.
    private func staying(_ final: WorkingPlacement, _ moved: Set<Int>) -> [PlanNote] {
        let busiest = problem.hosts.indices.filter { problem.hosts[$0].isReachable }.max {
            (final.share(of: $0), $1) < (final.share(of: $1), $0)
        }
        guard let busiest else { return [] }
        let peak = final.share(of: busiest)
        let name = problem.hosts[busiest].name
        var notes = NoteList()
        for domain in final.residents[busiest].sorted().prefix(Self.domainsTold) {
            notes.add(
                problem.domains[domain].name,
                stays(domain, on: busiest, final, moved.contains(domain), peak, name))
        }
        return notes.notes
    }

    private func stays(
        _ domain: Int, on busiest: Int, _ final: WorkingPlacement, _ hasMoved: Bool, _ peak: Int64,
        _ name: HostName
    ) -> String {
        let facts = problem.domains[domain].facts
        if facts.isPinned || problem.policy.pin.matches(facts.name) {
            return "it is pinned to \(name)"
        }
        if facts.isExcluded || problem.policy.exclude.matches(facts.name) {
            return "it is excluded"
        }
        if let manager = problem.policy.manager(of: facts) {
            return "it belongs to \(manager.name)"
        }
        if let blocker = facts.blockers.first { return blocker.detail }
        if hasMoved { return "it was moved to \(name) by this plan" }
        var (open, roomy, lower) = (0, 0, 0)
        for host in problem.hosts.indices where host != busiest {
            guard compatibility.allows(domain, from: busiest, to: host) else { continue }
            open += 1
            guard final.overflow(adding: domain, to: host) == nil,
                final.brokenGroup(domain, at: host, isMoving: true) == nil
            else { continue }
            roomy += 1
            if final.share(of: host, adding: domain) < peak { lower += 1 }
        }
        if open == 0 { return "no other host can run it" }
        if roomy == 0 { return "no suitable host has room, or a group keeps it away" }
        if lower == 0 { return "any other host would become fuller than \(name) is now" }
        return "moving it would gain less than a move is worth"
    }
}
