import ClusterModel
import TestSupport
import Testing

@testable import Operations

/// A plan held against a world that went on.
struct PlanApplicabilityTests {
    private func world(
        _ domains: [(name: String, host: HostName, state: DomainState)]
    ) -> ClusterSnapshot {
        ClusterSnapshot(
            observedAt: Example.start,
            hosts: [Host(name: "host1"), Host(name: "host2")],
            domains: domains.map { domain in
                Domain(
                    facts: DomainFacts(
                        id: DomainID(domain.name), name: domain.name, state: domain.state,
                        memory: .gibibytes(1)),
                    host: domain.host, demand: Demand())
            })
    }

    private func differences(_ snapshot: ClusterSnapshot) -> [String] {
        let plan = Example.plan(.drain, ["host1"], steps: [("a", "host1", "host2")])
        return PlanApplicability.differences(between: plan, and: snapshot)
    }

    @Test func anEqualDigestIsAnEqualWorld() {
        let snapshot = world([("a", "host1", .running)])
        var plan = Example.plan(.drain, ["host1"], steps: [("a", "host1", "host2")])
        plan.origin.digest = snapshot.digest
        #expect(PlanApplicability.differences(between: plan, and: snapshot).isEmpty)
    }

    @Test func aGuestOnItsWayToADrainedHostIsNamed() {
        let calm = world([("a", "host1", .running), ("b", "host2", .running)])
        var plan = Example.plan(.drain, ["host1"], steps: [("a", "host1", "host2")])
        plan.origin.digest = calm.digest
        let flight = MigrationInFlight(domain: "b", source: "host2", target: "host1")
        let busy = ClusterSnapshot(
            calm, hosts: calm.hosts, domains: calm.domains, inFlight: [flight])
        #expect(busy.digest == calm.digest)
        #expect(
            PlanApplicability.differences(between: plan, and: busy)
                == ["'b' is on its way from host2 to host1"])
        plan.kind = .balance
        #expect(PlanApplicability.differences(between: plan, and: busy) == [])
    }

    @Test func anotherMachineBehindAHostsNameIsNamed() {
        func host(_ uuid: String) -> Host {
            var host = Host(name: "host2")
            host.facts = HostFacts(
                uuid: uuid, hostname: "", cpu: HostCPU(architecture: "x86_64", logicalCPUs: 4),
                memory: .gibibytes(8))
            return host
        }
        let calm = world([("a", "host1", .running)])
        let other = ClusterSnapshot(
            observedAt: calm.observedAt, hosts: [Host(name: "host1"), host("b")],
            domains: calm.domains)
        var plan = Example.plan(.drain, ["host1"], steps: [("a", "host1", "host2")])
        plan.origin.hostUUIDs = ["host2": "a"]
        #expect(
            PlanApplicability.differences(between: plan, and: other)
                == ["host2 is another machine: its host UUID was a and is b"])
    }

    @Test func eachChangeIsNamed() {
        #expect(differences(world([])) == ["'a' is no longer on any of the hosts"])
        #expect(differences(world([("a", "host2", .running)])) == ["'a' is on host2, not on host1"])
        #expect(
            differences(world([("a", "host1", .shutOff)])) == [
                "'a' no longer runs (shut-off)"
            ])
        #expect(
            differences(world([("a", "host1", .running), ("b", "host1", .running)]))
                == ["'b' runs on host1 and is not in the plan"])
        let elsewhere = differences(world([("a", "host1", .running), ("b", "host2", .running)]))
        #expect(elsewhere.count == 1 && elsewhere[0].hasPrefix("hosts or domains were added"))
    }
}
