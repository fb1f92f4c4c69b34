import ClusterModel
import PlacementPolicy

/// A plan with its world and its policy, looked up by name.
struct CheckedCase {
    let plan: MigrationPlan
    let snapshot: ClusterSnapshot
    let policy: Policy
    let hosts: [HostName: Host]
    /// Domains that run; those that do not hold nothing and never move.
    let active: [Domain]
    /// Those that run, and those whose definition the policy lets move.
    let domains: [DomainID: Domain]
    let steps: [StepID: Step]
    let groups: [CheckedGroup]
    /// Domains that are active on more than one host.
    let seenTwice: Set<DomainID>

    init(_ plan: MigrationPlan, _ snapshot: ClusterSnapshot, _ policy: Policy) {
        self.plan = plan
        self.snapshot = snapshot
        self.policy = policy
        hosts = Dictionary(
            snapshot.hosts.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        active = snapshot.domains.filter { $0.facts.state.isActive }
        let defined = snapshot.domains.filter { !$0.facts.state.isActive }
            .filter { CheckedWays.mayMoveAsDefinition($0.facts, policy) }
        domains = Dictionary(
            (active + defined).map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        steps = Dictionary(plan.steps.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        var seen: Set<DomainID> = []
        seenTwice = Set(active.map(\.id).filter { !seen.insert($0).inserted })
        groups = CheckedGroup.all(in: active, policy)
    }

    /// All steps that must be done before this one may start. Only for graphs without circles.
    func ancestors(of step: Step) -> Set<StepID> {
        var found: Set<StepID> = []
        var open = step.after
        while let next = open.popLast() {
            if found.insert(next).inserted { open += steps[next]?.after ?? [] }
        }
        return found
    }

    /// The steps of one domain, in the order in which it makes them.
    func steps(of domain: DomainID) -> [Step] {
        plan.steps.filter { $0.move.domain == domain }.sorted { left, right in
            ancestors(of: right).contains(left.id)
        }
    }

    /// Where each active domain is once the plan is carried out.
    var final: [DomainID: HostName] {
        var place = domains.mapValues(\.host)
        for id in Set(plan.steps.map(\.move.domain)) {
            place[id] = steps(of: id).last?.move.target
        }
        return place
    }

    /// What a group looks at: the host, or its zone; a host without a zone is a zone of its own.
    func item(_ host: HostName, _ scope: PlacementGroup.Scope) -> String {
        switch scope {
        case .host: "host \(host)"
        case .zone: hosts[host]?.zone.map { "zone \($0)" } ?? "zone of host \(host)"
        }
    }

    /// May the plan use this host although it is in maintenance? Bringing domains back to it is
    /// what a return or a rollback was asked for.
    func isHome(_ host: HostName) -> Bool {
        switch plan.kind {
        case .return, .rollback: plan.hosts.contains(host)
        case .drain, .balance, .consolidate: false
        }
    }
}
