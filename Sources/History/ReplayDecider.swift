import ClusterModel
package import PlacementPolicy
import PlanChecking
package import Planning
package import Replay

/// The real planner under a replay, with the rules of the timer around it. Every plan passes the
/// judge before it is played.
struct ReplayDecider {
    let policy: Policy
    private var memory = RebalanceState()
    private let rebalancer: Rebalancer
    private let seed: UInt64
    private(set) var notes: [String] = []
    private var drained: Set<HostName> = []

    init(_ policy: Policy, seed: UInt64) {
        self.policy = policy
        self.seed = seed
        rebalancer = Rebalancer(policy, seed: seed, effort: Self.effort) {
            PlanChecker.check($0, on: $1, under: $2).isEmpty
        }
    }

    /// Less effort than for one plan by hand: a week holds hundreds of plans.
    static let effort = SearchEffort(trialsPerLevel: 200, explainsConflicts: false)

    mutating func decide(_ moment: ReplayMoment) -> [ReplayOrder] {
        if let orders = drain(moment) { return orders }
        let look = moment.look(under: policy)
        var seen: ClusterSnapshot?
        let rules = policy.demand
        let decision = rebalancer.decide(look, &memory) {
            let snapshot = seen ?? moment.snapshot(under: rules)
            seen = snapshot
            return snapshot
        }
        guard case .plan(let plan, let reason) = decision else { return [] }
        return accept(plan, moment, reason)
    }

    /// The drains that are asked for by now and were not planned yet; nil when there are none.
    private mutating func drain(_ moment: ReplayMoment) -> [ReplayOrder]? {
        let asked = moment.hosts.indices.filter {
            moment.draining[$0] && !drained.contains(moment.hosts[$0].name)
                && moment.placement.contains($0)
        }.map { moment.hosts[$0].name }
        guard !asked.isEmpty else { return nil }
        drained.formUnion(asked)
        let snapshot = moment.snapshot(under: policy.demand)
        let plan = Planner.plan(
            .drain(asked, bestEffort: true), from: snapshot, under: policy, seed: seed,
            effort: Self.effort)
        let names = asked.map(\.rawValue).joined(separator: ", ")
        for blocker in plan.blockers {
            notes.append("\(moment.now) drain \(names): \(blocker.domain ?? ""): \(blocker.detail)")
        }
        guard plan.outcome == .plan,
            PlanChecker.check(plan, on: snapshot, under: policy).isEmpty
        else { return nil }
        for step in plan.steps {
            memory.moved(
                step.move.domain, to: step.move.target, at: moment.now, under: policy.rebalance)
        }
        return accept(plan, moment, "drain \(names)")
    }

    private mutating func accept(
        _ plan: MigrationPlan, _ moment: ReplayMoment, _ reason: String
    ) -> [ReplayOrder] {
        notes.append("\(moment.now) \(plan.steps.count) moves: \(reason)")
        return plan.steps.map { ReplayOrder($0) }
    }
}

extension ReplayMoment {
    /// What the timer would see now.
    package func look(under policy: Policy) -> RebalanceObservation {
        let loads = hostLoads(latest)
        let promised = hostLoads { policy.memoryDemand(of: domains[$0].facts).count }
        return RebalanceObservation(
            at: now,
            hosts: hosts.indices.map { host in
                RebalanceObservation.HostNow(
                    hosts[host], isUnreachable: isUnreachable[host], cpu: MilliCPU(loads[host]),
                    memory: Bytes(promised[host]), under: policy)
            },
            places: placement.enumerated().compactMap { domain, host in
                host.map { (domains[domain].id, hosts[$0].name) }
            }, under: policy)
    }
}
