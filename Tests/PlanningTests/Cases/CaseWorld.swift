import ClusterModel
import PlacementPolicy
import PlanChecking
import Planning
import TestSupport
import Testing

/// A small fleet of a public case: hosts alike on shared storage, with a drain of host1, which
/// planner and judge decide each on its own.
struct CaseWorld {
    var cluster = ClusterBuilder()
    var policy = Policy()

    /// host1 to hostN, with room for everything.
    init(hosts: Int = 2) {
        for number in 1...hosts { cluster.host(HostName("host\(number)"), memory: .gibibytes(64)) }
    }

    /// A guest of 4 GiB; its number among the domains.
    @discardableResult
    mutating func guest(
        _ name: String, on host: HostName = "host1", memory: Bytes = .gibibytes(4),
        state: DomainState = .running, _ change: (inout DomainFacts) -> Void = { _ in }
    ) -> Int {
        let index = cluster.domain(name, on: host, memory: memory, state: state)
        change(&cluster.domains[index].facts)
        return index
    }

    mutating func host(_ number: Int, _ change: (inout HostFacts) -> Void) {
        guard var facts = cluster.hosts[number - 1].facts else { return }
        change(&facts)
        cluster.hosts[number - 1].facts = facts
    }

    /// The plan that drains these hosts; whatever it is, the judge must accept it.
    func drain(_ hosts: [HostName] = ["host1"], bestEffort: Bool = false) -> MigrationPlan {
        let plan = Planner.plan(
            .drain(hosts, bestEffort: bestEffort), from: cluster.snapshot, under: policy, seed: 1)
        #expect(PlanChecker.check(plan, on: cluster.snapshot, under: policy) == [])
        return plan
    }

    /// What the judge has against moving a guest there, whoever made the plan.
    func judge(_ domain: Int, to target: HostName, mode: Step.Mode = .live) -> [String] {
        let domain = cluster.domains[domain]
        var step = Step(
            id: 1, domainName: domain.name,
            move: Move(domain: domain.id, source: domain.host, target: target), mode: mode)
        step.isShutOff = !domain.facts.state.isActive
        let plan = MigrationPlan(
            kind: .balance, hosts: [], outcome: .plan,
            origin: MigrationPlan.Origin(digest: "", observedAt: Timestamp(seconds: 0)),
            steps: [step])
        return PlanChecker.check(plan, on: cluster.snapshot, under: policy)
            .filter { [.compatibility, .mobility, .target, .capacity].contains($0.rule) }
            .map(\.detail)
    }
}

extension MigrationPlan {
    /// Where each domain goes, by its name.
    var targets: [String: HostName] {
        Dictionary(steps.map { ($0.domainName, $0.move.target) }, uniquingKeysWith: { $1 })
    }

    /// All that is said before it is carried out.
    var cautions: [String] { steps.flatMap(\.cautions) }
}
