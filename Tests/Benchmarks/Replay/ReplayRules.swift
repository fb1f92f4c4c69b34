import ClusterModel
import History
import PlacementPolicy
import PlanChecking
import Planning
import Replay
import Telemetry

/// A policy under replay: asked at every interval, it may remember.
protocol ReplayRule {
    var name: String { get }
    mutating func decide(_ moment: ReplayMoment) -> [ReplayOrder]
}

/// Leaves everything where it is.
struct NoBalancing: ReplayRule {
    let name = "no balancing"
    func decide(_ moment: ReplayMoment) -> [ReplayOrder] { [] }
}

/// Ours: the rebalancer around the planner, as the timer runs it.
struct OurRule: ReplayRule {
    let name: String
    var policy: Policy
    var memory = RebalanceState()
    /// Trials are what time is made of.
    var effort = SearchEffort(trialsPerLevel: 200, explainsConflicts: false)
    private(set) var plans = 0

    static let judge: Rebalancer.Judge = { plan, snapshot, policy in
        let violations = PlanChecker.check(plan, on: snapshot, under: policy)
        precondition(violations.isEmpty, "\(violations)")
        return true
    }

    init(_ name: String, _ policy: Policy) {
        self.name = name
        self.policy = policy
    }

    mutating func decide(_ moment: ReplayMoment) -> [ReplayOrder] {
        let look = moment.look(under: policy)
        let rules = policy.demand
        guard
            case .plan(let plan, _) = Rebalancer(policy, effort: effort, accepts: Self.judge)
                .decide(
                    look, &memory, snapshot: { moment.snapshot(under: rules) })
        else { return [] }
        plans += 1
        return plan.steps.map { ReplayOrder($0) }
    }
}

/// Times for moves that a rule without times wants: the planner's estimates, in a world without
/// limits of capacity.
struct MoveTimes {
    private var policy = Policy(name: "times")

    init() {
        policy.overcommit = Overcommit(memoryThousandths: 100_000, cpuThousandths: 100_000)
        policy.demand = DemandWindow(windowSeconds: 300, percentile: 100, slots: 1)
        policy.limits = MigrationLimits(perHost: 2, fleet: 10)
    }

    func orders(_ moves: [(domain: Int, target: Int)], _ moment: ReplayMoment) -> [ReplayOrder] {
        guard !moves.isEmpty else { return [] }
        let snapshot = moment.snapshot(under: policy.demand)
        let named = moves.compactMap { move -> Move? in
            guard let source = moment.placement[move.domain], source != move.target else {
                return nil
            }
            return Move(
                domain: moment.domains[move.domain].id, source: moment.hosts[source].name,
                target: moment.hosts[move.target].name)
        }
        let plan = Planner.plan(
            .moves(named, bestEffort: true), from: snapshot, under: policy, seed: 0,
            effort: SearchEffort(explainsConflicts: false))
        return plan.steps.map { ReplayOrder($0) }
    }
}
