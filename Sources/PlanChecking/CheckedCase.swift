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
    /// Each active domain with all hosts that it is seen on.
    let sightings: [DomainID: [Domain]]
    /// Domains that are active on more than one host.
    let seenTwice: Set<DomainID>
    /// Migrations that were under way, by their domain.
    let inFlight: [DomainID: [MigrationInFlight]]
    /// Where each active domain is once the plan is carried out.
    let final: [DomainID: HostName]
    private let ancestors: [StepID: Set<StepID>]
    private let stepsOfDomain: [DomainID: [Step]]

    init(_ plan: MigrationPlan, _ snapshot: ClusterSnapshot, _ policy: Policy) {
        self.plan = plan
        self.snapshot = snapshot
        // What a plan says that it breaks is not held against it; whether it may, is.
        let policy = policy.breaking(Set(plan.brokenRules.map(\.rule)))
        self.policy = policy
        hosts = Dictionary(
            firstOf: snapshot.hosts.map { ($0.name, $0) })
        active = snapshot.domains.filter { $0.facts.state.isActive }
        let defined = snapshot.domains.filter { !$0.facts.state.isActive }
            .filter { CheckedModes.mayMoveAsDefinition($0.facts, policy) }
        domains = Dictionary(
            firstOf: (active + defined).map { ($0.id, $0) })
        steps = Dictionary(firstOf: plan.steps.map { ($0.id, $0) })
        sightings = Dictionary(grouping: active, by: \.id)
        seenTwice = Set(sightings.filter { $0.value.count > 1 }.keys)
        inFlight = Dictionary(grouping: snapshot.inFlight, by: \.domain)
        groups = CheckedGroup.all(in: active, policy)
        let ancestors = Self.ancestors(steps)
        self.ancestors = ancestors
        stepsOfDomain = Dictionary(grouping: plan.steps, by: \.move.domain).mapValues { own in
            own.sorted { ancestors[$1.id]?.contains($0.id) == true }
        }
        var place = domains.mapValues(\.host)
        for (id, own) in stepsOfDomain { place[id] = own.last?.move.target }
        final = place
    }

    /// For each step all that must be done before it may start; in a circle, the step itself too.
    private static func ancestors(_ steps: [StepID: Step]) -> [StepID: Set<StepID>] {
        steps.mapValues { step in
            var found: Set<StepID> = []
            var open = step.after
            while let next = open.popLast() {
                if found.insert(next).inserted { open += steps[next]?.after ?? [] }
            }
            return found
        }
    }

    /// All steps that must be done before this one may start.
    func ancestors(of step: Step) -> Set<StepID> { ancestors[step.id] ?? [] }

    /// The steps of one domain, in the order in which it makes them. Only for graphs without
    /// circles.
    func steps(of domain: DomainID) -> [Step] { stepsOfDomain[domain] ?? [] }

    /// The active members of a group, one entry for each host that a member is seen on.
    func members(of group: CheckedGroup) -> [Domain] {
        group.members.flatMap { sightings[$0] ?? [] }
    }

    /// What a group looks at: the host, or its zone; a host without a zone is its own zone.
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
        case .drain, .move, .balance, .consolidate: false
        }
    }

    /// Must hosts stay within their CPUs? A drain, a move, a return and a rollback may fill
    /// them above that: guests get slower then, and none is lost. What they do to a host they tell
    /// beforehand.
    var keepsWithinCPUs: Bool {
        switch plan.kind {
        case .drain, .move, .return, .rollback: false
        case .balance, .consolidate: true
        }
    }
}
