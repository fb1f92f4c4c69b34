import ClusterModel
import PlacementPolicy
import PlanChecking
import TestSupport
import Testing

/// Groups and rules that the policy names by patterns.
@Suite struct GroupJudgeTests {
    private func move(
        _ domain: String, to target: HostName, _ cluster: ClusterBuilder
    ) -> MigrationPlan {
        let source = cluster.domains.first { $0.name == domain }?.host ?? "nowhere"
        return MigrationPlan(
            kind: .drain, hosts: [source], outcome: .plan,
            origin: MigrationPlan.Origin(
                digest: "", observedAt: cluster.snapshot.observedAt),
            steps: [
                Step(
                    id: 1, domainName: domain,
                    move: Move(
                        domain: DomainID("id-of-\(domain)"), source: source, target: target))
            ])
    }

    private func rules(
        _ domain: String, to target: HostName, _ cluster: ClusterBuilder,
        _ change: (inout Policy) -> Void
    ) -> [Violation.Rule] {
        var policy = Policy.default
        change(&policy)
        let plan = move(domain, to: target, cluster)
        return Array(Set(PlanChecker.check(plan, on: cluster.snapshot, under: policy).map(\.rule)))
    }

    @Test(arguments: ["web-1", "web-*", "*-1", "w?b-1", "?eb-1", "*", "web-1*", "**1"])
    func `a group holds whom its patterns match`(pattern: NamePattern) {
        var cluster = ClusterBuilder()
        for host in ["host1", "host2", "host3"] as [HostName] { cluster.host(host) }
        cluster.domain("web-1", on: "host1")
        cluster.domain("db", on: "host2")
        let group = PlacementGroup(name: "g", domains: [pattern, "db"], scope: .host)
        let beside = rules("web-1", to: "host2", cluster) { $0.antiAffinity = [group] }
        #expect(beside == [.antiAffinity])
        #expect(rules("web-1", to: "host3", cluster) { $0.antiAffinity = [group] } == [])
        cluster.domain("cache", on: "host1")
        let pair = PlacementGroup(name: "p", domains: [pattern, "cache"], scope: .host)
        var both = move("web-1", to: "host3", cluster)
        both.blockers = [
            Blocker(domain: "cache", reason: .pinned, detail: "stays", remedy: "none")
        ]
        var policy = Policy.default
        policy.affinity = [pair]
        #expect(
            PlanChecker.check(both, on: cluster.snapshot, under: policy).map(\.rule) == [.affinity])
        policy.affinity[0].domains = ["web-2", "eb-1", "web-11", "we", "cache"]
        #expect(PlanChecker.check(both, on: cluster.snapshot, under: policy) == [])
    }

    /// Two hundred times as many groups would cost two hundred times as much if each were held
    /// against every domain.
    @Test func `many groups cost the judge one pass over the domains`() {
        var cluster = ClusterBuilder()
        for host in 1...40 {
            cluster.host(HostName("host\(host)"), memory: .gibibytes(256), cpus: 256)
        }
        for number in 0..<1600 {
            cluster.domain("vm\(number)", on: HostName("host\(number % 40 + 1)"))
        }
        let world = cluster.snapshot
        var plan = move("vm0", to: "host2", cluster)
        plan.kind = .balance
        plan.hosts = []
        func seconds(_ groups: Int) -> Double {
            var policy = Policy.default
            for group in 0..<groups {
                let own = PlacementGroup(
                    name: "g\(group)",
                    domains: [NamePattern("vm\(group)"), NamePattern("vm\(group + 1)*")],
                    scope: .host)
                if group % 2 == 0 {
                    policy.affinity.append(own)
                } else {
                    policy.antiAffinity.append(own)
                }
            }
            return ThreadTime.seconds { _ = PlanChecker.check(plan, on: world, under: policy) }
        }
        let (few, many) = (seconds(8), seconds(1600))
        #expect(many < 15 * few, "\(many) s for 1600 groups, \(few) s for 8")
    }
}
