import ClusterModel
import PlacementPolicy
import PlanChecking
import TestSupport
import Testing

/// Consolidations and N+1 written by hand, right and then broken in one place.
@Suite struct ConsolidateJudgeTests {
    /// Three hosts of 16 GiB in use, a fourth is empty.
    private var cluster: ClusterBuilder {
        var cluster = ClusterBuilder()
        for host in 1...4 { cluster.host(HostName("host\(host)")) }
        cluster.domain("a", on: "host1", memory: .gibibytes(3))
        cluster.domain("b", on: "host2", memory: .gibibytes(5))
        cluster.domain("c", on: "host3", memory: .gibibytes(8))
        return cluster
    }

    private func step(
        _ id: StepID, _ domain: String, _ source: HostName, _ target: HostName,
        after: [StepID] = []
    ) -> Step {
        Step(
            id: id, domainName: domain,
            move: Move(domain: DomainID("id-of-\(domain)"), source: source, target: target),
            after: after)
    }

    private func plan(_ hosts: [HostName], _ steps: [Step]) -> MigrationPlan {
        MigrationPlan(
            kind: .consolidate, hosts: hosts, outcome: .plan,
            origin: MigrationPlan.Origin(digest: "", observedAt: Timestamp(seconds: 0)),
            steps: steps)
    }

    private var good: MigrationPlan { plan(["host1"], [step(1, "a", "host1", "host2")]) }

    private func details(
        _ plan: MigrationPlan, _ policy: Policy = .default, _ cluster: ClusterBuilder? = nil
    ) -> [String] {
        PlanChecker.check(plan, on: (cluster ?? self.cluster).snapshot, under: policy).map {
            "\($0)"
        }
    }

    private func policy(_ change: (inout Policy) -> Void) -> Policy {
        var policy = Policy()
        change(&policy)
        return policy
    }

    @Test func `a right plan is accepted`() { #expect(details(good) == []) }

    @Test func `a host that is not empty, or was before, is found`() {
        #expect(
            details(plan(["host1", "host3"], good.steps)) == [
                "consolidate (on host3): c is still there"
            ])
        #expect(
            details(plan(["host1", "host4"], good.steps)) == [
                "consolidate (on host4): it was empty before"
            ])
        #expect(details(plan([], good.steps)).count == 1)
    }

    @Test func `an empty host that is begun is found`() {
        let found = details(plan(["host1"], [step(1, "a", "host1", "host4")]))
        #expect(found == ["consolidate (on host4): it was empty and is used now"])
    }

    @Test func `a host above the ceiling is found, unless it was before`() {
        let low = policy { $0.consolidate.memoryLimit = 5000 }
        #expect(
            details(good, low) == ["consolidate (on host2): its memory ends above the ceiling"])
        let full = policy { $0.consolidate.memoryLimit = 5200 }
        #expect(details(good, full) == [])
        let idle = policy { $0.consolidate.cpuLimit = 100 }
        #expect(details(good, idle) == ["consolidate (on host2): its CPU ends above the ceiling"])
        // host3 is far above 30 %, and nothing comes there.
        let lower = policy { $0.consolidate.memoryLimit = 5200 }
        var cluster = cluster
        cluster.domain("d", on: "host3", memory: .gibibytes(7))
        #expect(details(good, lower, cluster) == [])
    }

    @Test func `what the policy says of hosts and moves is looked at`() {
        for (change, words) in [
            ({ $0.consolidate.keep = ["host1"] }, "the policy keeps it in use"),
            ({ $0.consolidate.minActive = 3 }, "2 hosts stay in use, too few"),
            ({ $0.consolidate.minEmptied = 2 }, "1 hosts are emptied, too few"),
        ] as [((inout Policy) -> Void, String)] {
            let found = details(good, policy(change))
            #expect(found.count == 1 && found[0].contains(words), "\(found)")
        }
        let both = plan(
            ["host1", "host2"],
            [step(1, "a", "host1", "host3"), step(2, "b", "host2", "host3")])
        let roomy = policy { $0.consolidate.memoryLimit = 10_000 }
        var smaller = cluster
        smaller.domains[2].facts.memory = .gibibytes(7)
        #expect(details(both, roomy, smaller) == [])
        let few = policy {
            $0.consolidate.memoryLimit = 10_000
            $0.consolidate.maxMoves = 1
        }
        #expect(details(both, few, smaller) == ["consolidate: 2 moves where 1 may be"])
    }

    @Test func `under N+1 empty hosts take over nothing`() {
        let after = policy { $0.nPlusOne = .after }
        // b and a on host2, c on host3: 8.25 and 8.125 GiB are too much for one host of 16.
        let found = details(good, after)
        #expect(found.count == 2 && found.allSatisfy { $0.contains("would find no room") })
        var smaller = cluster
        smaller.domains[2].facts.memory = .gibibytes(7)
        #expect(details(good, after, smaller) == [])
    }

    @Test func `under N+1 at every moment, what overlaps is looked at together`() {
        // a and b change places with room from host4: both at once leave no spare room.
        var cluster = ClusterBuilder()
        for host in 1...3 { cluster.host(HostName("host\(host)"), memory: .gibibytes(13)) }
        cluster.domain("a", on: "host1", memory: .gibibytes(5))
        cluster.domain("b", on: "host2", memory: .gibibytes(4))
        cluster.domain("c", on: "host3", memory: .gibibytes(7))
        cluster.domain("d", on: "host1", memory: .gibibytes(1))
        var plan = plan(
            [], [step(1, "a", "host1", "host2"), step(2, "b", "host2", "host1")])
        plan.kind = .balance
        let rules = { (rule: NPlusOne, after: [StepID]) -> Set<Violation.Rule> in
            var ordered = plan
            ordered.steps[1].after = after
            let asking = policy { $0.nPlusOne = rule }
            return Set(
                PlanChecker.check(ordered, on: cluster.snapshot, under: asking).map(\.rule)
            ).subtracting([.balance])
        }
        #expect(rules(.after, []) == [])
        #expect(rules(.during, []) == [.nPlusOne])
    }
}
