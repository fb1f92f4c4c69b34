import ClusterModel
import Foundation
import PlacementPolicy
import PlanChecking
import Planning
import TestSupport
import Testing

@Suite struct PlannerPropertyTests {
    /// Policies differ from seed to seed, so that every constraint is met now and then.
    static func policy(_ seed: UInt64) -> Policy {
        var policy = Policy()
        // The random worlds were made so tight with this figure.
        policy.perDomainOverhead = .mebibytes(128)
        if seed % 4 == 0 { policy.maxDomainsPerHost = 6 }
        if seed % 5 == 0 {
            policy.antiAffinity = [
                PlacementGroup(name: "odd", domains: ["vm1", "vm3", "vm5"], scope: .zone)
            ]
        }
        if seed % 7 == 0 {
            policy.affinity = [PlacementGroup(name: "pair", domains: ["vm0", "vm2"], scope: .zone)]
        }
        if seed % 6 == 0 { policy.ban = [HostRule(domains: ["vm4"], hosts: ["host2"])] }
        return policy
    }

    /// Enough for most; a debug build takes a hundred times longer for a trial.
    static let effort = SearchEffort(
        trialsPerRound: 500, trialsPerRoundWhenSmall: 60_000, trialsPerDomain: 100,
        explainsConflicts: false)

    private func judge(_ plan: MigrationPlan, _ snapshot: ClusterSnapshot, _ seed: UInt64) {
        let violations = PlanChecker.check(plan, on: snapshot, under: Self.policy(seed))
        #expect(violations == [], "seed \(seed)")
    }

    @Test func `the judge accepts every drain of small random clusters`() {
        for seed in UInt64(1)...250 {
            let snapshot = RandomCluster.small(seed: seed).snapshot
            for bestEffort in [false, true] {
                let plan = Planner.plan(
                    .drain(["host1"], bestEffort: bestEffort), from: snapshot,
                    under: Self.policy(seed), seed: seed, effort: Self.effort)
                judge(plan, snapshot, seed)
            }
        }
    }

    @Test func `the judge accepts drains of one and two hosts of larger random clusters`() {
        var outcomes: [MigrationPlan.Outcome: Int] = [:]
        for seed in UInt64(1)...40 {
            let snapshot = RandomCluster.medium(seed: seed).snapshot
            for hosts in [["host1"], ["host1", "host2"]] as [[HostName]] {
                let plan = Planner.plan(
                    .drain(hosts, bestEffort: true), from: snapshot, under: Self.policy(seed),
                    seed: seed, effort: Self.effort)
                outcomes[plan.outcome, default: 0] += 1
                judge(plan, snapshot, seed)
            }
        }
        #expect(outcomes[.plan, default: 0] > 20, "\(outcomes)")
    }

    @Test func `the judge accepts plans for clusters in trouble, with exclusions`() {
        for seed in UInt64(1)...150 {
            let snapshot = RandomCluster.troubled(seed: seed).snapshot
            let forbidden = snapshot.domains.prefix(4).map { ForbiddenTarget($0.id, "host1") }
            let request = PlanRequest(
                .drain(["host2"], bestEffort: true), forbidden: forbidden,
                pinned: snapshot.domains.suffix(1).map(\.id))
            let plan = Planner.plan(
                request, from: snapshot, under: Self.policy(seed), seed: seed, effort: Self.effort)
            judge(plan, snapshot, seed)
            let isKept = plan.steps.allSatisfy { step in
                !forbidden.contains(ForbiddenTarget(step.move.domain, step.move.target))
                    && !request.pinned.contains(step.move.domain)
            }
            #expect(isKept, "seed \(seed)")
        }
    }

    @Test func `what was drained returns, and the placement is the old one`() {
        var returned = 0
        for seed in UInt64(1)...120 {
            let snapshot = RandomCluster.small(seed: seed).snapshot
            let policy = Self.policy(seed)
            let drain = Planner.plan(.drain(["host1"]), from: snapshot, under: policy, seed: seed)
            let hosts = snapshot.domains.filter { $0.facts.state.isActive }.map(\.host)
            // Going back to where a domain is banned, or a host was too full, is refused, and
            // rightly.
            guard drain.outcome == .plan, policy.ban.isEmpty,
                !Asked(snapshot, hosts, policy).isOverLimits
            else {
                continue
            }
            let after = snapshot.applying(drain.moves)
            // Others may have been moved to make room: rolling back brings those home too.
            let back = drain.moves.map {
                Move(domain: $0.domain, source: $0.target, target: $0.source)
            }
            let plan = Planner.plan(
                .moves(back), from: after, under: policy, seed: seed, effort: Self.effort)
            judge(plan, after, seed)
            #expect(plan.outcome == .plan, "seed \(seed): \(plan.blockers)")
            #expect(
                (after.applying(plan.moves).domains == snapshot.domains) == true, "seed \(seed)")
            returned += 1
        }
        #expect(returned > 30, "only \(returned) cases say little")
    }

    @Test func `random targets that fit are reached in an order that the judge accepts`() {
        var outcomes: [MigrationPlan.Outcome: Int] = [:]
        for seed in UInt64(1)...200 {
            let snapshot = RandomCluster.small(seed: seed).snapshot
            var random = SeededGenerator(seed: seed)
            let moves = snapshot.domains.filter { _ in !random.oneIn(3) }.map { domain in
                Move(
                    domain: domain.id, source: domain.host,
                    target: snapshot.hosts[random.int(0...snapshot.hosts.count - 1)].name)
            }
            let plan = Planner.plan(
                .moves(moves, bestEffort: true), from: snapshot, under: Self.policy(seed),
                seed: seed, effort: Self.effort)
            outcomes[plan.outcome, default: 0] += 1
            judge(plan, snapshot, seed)
        }
        #expect(outcomes[.plan, default: 0] > 50, "\(outcomes)")
    }

    @Test func `no random interleaving exceeds memory`() {
        var states = 0
        for seed in UInt64(1)...60 {
            let snapshot = RandomCluster.medium(seed: seed).snapshot
            let policy = Self.policy(seed)
            let plan = Planner.plan(
                .drain(["host1"], bestEffort: true), from: snapshot, under: policy, seed: seed,
                effort: Self.effort)
            for run in UInt64(1)...5 where plan.outcome == .plan {
                var execution = RandomExecution(plan, seed: seed * 100 + run)
                execution.run { places in
                    states += 1
                    #expect(
                        Self.overfull(places, snapshot, policy) == [], "seed \(seed), run \(run)")
                }
            }
        }
        #expect(states > 500)
    }

    /// Hosts whose guaranteed memory is exceeded, and was not at the start.
    static func overfull(
        _ places: [DomainID: Set<HostName>], _ snapshot: ClusterSnapshot, _ policy: Policy
    ) -> [HostName] {
        snapshot.hosts.filter { host in
            var (now, start) = (Bytes.zero, Bytes.zero)
            for domain in snapshot.domains where domain.facts.state.isActive {
                let memory = policy.memoryDemand(of: domain.facts)
                if domain.host == host.name { start += memory }
                if (places[domain.id] ?? [domain.host]).contains(host.name) { now += memory }
            }
            return now > max(start, policy.usableMemory(of: host))
        }.map(\.name)
    }

    @Test func `the same input and seed give the same bytes`() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        for seed in UInt64(1)...30 {
            let snapshot = RandomCluster.medium(seed: seed).snapshot
            let plans = (1...2).map { _ in
                Planner.plan(
                    .drain(["host1"], bestEffort: true), from: snapshot,
                    under: Self.policy(seed), seed: seed, effort: Self.effort)
            }
            #expect(try encoder.encode(plans[0]) == encoder.encode(plans[1]))
        }
    }
}
