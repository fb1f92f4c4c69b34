import ClusterModel
import PlacementPolicy
import PlanChecking
import Planning
import TestSupport
import Testing

/// libvirt has one domain of a name: another of it on the target refuses the definition.
@Suite struct SameNameTests {
    /// host1 to host3 with one domain `web` on host1.
    private var cluster: ClusterBuilder {
        var cluster = ClusterBuilder()
        for name in ["host1", "host2", "host3"] { cluster.host(HostName(name)) }
        cluster.domain("web", on: "host1")
        return cluster
    }

    private func plan(
        _ cluster: ClusterBuilder, _ hosts: [HostName] = ["host1"], _ policy: Policy = .default
    ) -> MigrationPlan {
        let plan = Planner.plan(.drain(hosts), from: cluster.snapshot, under: policy, seed: 1)
        #expect(PlanChecker.check(plan, on: cluster.snapshot, under: policy) == [])
        return plan
    }

    /// Another domain of that name.
    private func addTwin(_ cluster: inout ClusterBuilder, on host: HostName, _ state: DomainState) {
        let index = cluster.domain("twin of \(host)", on: host, state: state)
        cluster.domains[index].facts.name = "web"
    }

    @Test(arguments: [DomainState.shutOff, .running, .crashed])
    func `a host that has another domain of the name is no target`(_ state: DomainState) {
        var cluster = cluster
        addTwin(&cluster, on: "host2", state)
        #expect(plan(cluster).steps.map(\.move.target) == ["host3"])
        addTwin(&cluster, on: "host3", state)
        let blocked = plan(cluster)
        #expect(blocked.outcome == .infeasible)
        #expect(blocked.blockers.contains { $0.reason == .sameName }, "\(blocked.blockers)")
        #expect(blocked.blockers.contains { $0.remedy.contains("virsh domrename") })
    }

    @Test func `two that leave their hosts do not meet on a third`() {
        var cluster = cluster
        addTwin(&cluster, on: "host2", .running)
        let blocked = plan(cluster, ["host1", "host2"])
        #expect(blocked.outcome == .infeasible)
        #expect(blocked.blockers.contains { $0.reason == .sameName }, "\(blocked.blockers)")
        cluster.host("host4")
        let found = plan(cluster, ["host1", "host2"])
        #expect(Set(found.steps.map(\.move.target)) == ["host3", "host4"])
    }

    @Test func `one of the same domain elsewhere is no other`() {
        var cluster = cluster
        cluster.hosts.removeLast()
        let index = cluster.domain("web", on: "host2", state: .shutOff)
        cluster.domains[index].facts.id = cluster.domains[0].facts.id
        #expect(plan(cluster).steps.map(\.move.target) == ["host2"])
    }

    @Test func `definitions clash as guests do`() throws {
        var policy = try Policy(yaml: "name: x\nmigration: {offline: true}")
        policy.reserve = Reserve(memory: .zero, cpu: .zero)
        var cluster = cluster
        cluster.domains[0].facts.state = .shutOff
        addTwin(&cluster, on: "host2", .shutOff)
        #expect(plan(cluster, ["host1"], policy).steps.map(\.move.target) == ["host3"])
    }

    // MARK: The judge

    private func names(_ steps: [Step], _ cluster: ClusterBuilder) -> [String] {
        let plan = MigrationPlan(
            kind: .balance, hosts: [], outcome: .plan,
            origin: MigrationPlan.Origin(digest: "", observedAt: Timestamp(seconds: 0)),
            steps: steps)
        return PlanChecker.check(plan, on: cluster.snapshot, under: .default).map(\.detail)
            .filter { $0.contains("another domain 'web'") }
    }

    private func step(
        _ id: StepID, _ domain: DomainID, _ source: HostName, _ target: HostName,
        after: [StepID] = []
    ) -> Step {
        Step(
            id: id, domainName: "web",
            move: Move(domain: domain, source: source, target: target), after: after)
    }

    @Test func `the judge finds a name that is there, and one that comes at the same time`() {
        var cluster = cluster
        addTwin(&cluster, on: "host2", .shutOff)
        #expect(names([step(1, "id-of-web", "host1", "host2")], cluster).count == 1)
        #expect(names([step(1, "id-of-web", "host1", "host3")], cluster).isEmpty)
        cluster.domains[1].facts.state = .running
        let leaves = step(2, "id-of-twin of host2", "host2", "host3")
        #expect(names([step(1, "id-of-web", "host1", "host2"), leaves], cluster).count == 1)
        #expect(names([step(1, "id-of-web", "host1", "host2", after: [2]), leaves], cluster) == [])
        #expect(names([step(1, "id-of-web", "host1", "host3"), leaves], cluster).count == 1)
    }
}
