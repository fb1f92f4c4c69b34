import ClusterModel
import PlacementPolicy
import PlanChecking
import Planning
import TestSupport
import Testing

/// The planner against an oracle that tries everything, where that can be done.
@Suite struct ExhaustiveTests {
    @Test func `a small drain has a plan exactly when some assignment exists`() {
        var (feasible, infeasible, unordered, skipped) = (0, 0, 0, 0)
        for seed in UInt64(1)...400 {
            let snapshot = RandomCluster.small(seed: seed &+ 5000).snapshot
            let policy = PlannerPropertyTests.policy(seed)
            guard let oracle = oracle(snapshot, policy), oracle.size <= 1500 else {
                skipped += 1
                continue
            }
            let plan = Planner.plan(
                .drain(["host1"]), from: snapshot, under: policy, seed: seed,
                effort: SearchEffort(explainsConflicts: false))
            if plan.outcome == .nothingToDo { continue }
            let exists = oracle.exists()
            if exists, plan.outcome == .infeasible,
                plan.blockers.allSatisfy({ $0.reason == .ordering })
            {
                unordered += 1
                continue
            }
            #expect((plan.outcome == .plan) == exists, "seed \(seed): \(plan.blockers)")
            if exists { feasible += 1 } else { infeasible += 1 }
        }
        #expect(feasible > 40 && infeasible > 40, "\(feasible) and \(infeasible)")
        #expect(unordered <= 8, "\(unordered) assignments could not be ordered")
        print("exhaustive: \(feasible) feasible, \(infeasible) not, \(unordered) unordered")
    }

    /// Asks the judge about each assignment, as a plan in which every step waits for nothing: only
    /// the complaints about the end of it count, and those are found by a world that is there
    /// already.
    private func oracle(_ snapshot: ClusterSnapshot, _ policy: Policy) -> ExhaustiveDrain? {
        let active = snapshot.domains.filter { $0.facts.state.isActive }
        let choices = active.map { domain -> [HostName] in
            let others = snapshot.hosts.map(\.name).filter { target in
                target != domain.host && target != "host1"
                    && isAllowed(domain, to: target, snapshot, policy)
            }
            return domain.host == "host1" ? others : [domain.host] + others
        }
        guard active.contains(where: { $0.host == "host1" }) else { return nil }
        let start = Asked(snapshot, active.map(\.host), policy)
        return ExhaustiveDrain(choices: choices) { assignment in
            !Asked(snapshot, assignment, policy).isWorse(than: start)
        }
    }

    /// Only what a step may be at all: the judge's capacity rules are left to the whole assignment.
    private func isAllowed(
        _ domain: Domain, to target: HostName, _ snapshot: ClusterSnapshot, _ policy: Policy
    ) -> Bool {
        var plan = MigrationPlan(
            kind: .drain, hosts: ["host1"], outcome: .plan,
            origin: MigrationPlan.Origin(digest: "", observedAt: snapshot.observedAt))
        plan.steps = [
            Step(
                id: 1, domainName: domain.name,
                move: Move(domain: domain.id, source: domain.host, target: target))
        ]
        return PlanChecker.check(plan, on: snapshot, under: policy).allSatisfy {
            switch $0.rule {
            case .capacity, .antiAffinity, .affinity, .drain, .balance, .blockers: true
            case .consolidate, .nPlusOne, .reboot, .wishes: true
            case .outcome, .reference, .graph, .mobility, .target, .compatibility, .inPlace: false
            }
        }
    }
}
