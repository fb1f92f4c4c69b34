import ClusterModel
import Execution
import Persistence
import PlacementPolicy
import PlanChecking
import Planning

/// A timer's decision, and over how many seconds it looked; nil for the newest figures alone.
struct TimerObservation {
    var decision: RebalanceDecision
    var overSeconds: Int64?
}

extension PlanService {
    /// What a timer should do about the world as it is now; the judge has seen its plan.
    func decide(_ memory: inout RebalanceState) async throws -> TimerObservation {
        let snapshot = try await observe(.balance(maxMoves: nil))
        let (metrics, now) = (try observer.stores.metrics(), snapshot.observedAt)
        let look = RebalanceObservation(
            of: snapshot,
            try await metrics.recentUse(
                from: memory.observationStart(at: now, under: policy), to: now),
            try await metrics.liveFigures(at: now), under: policy)
        // The judge is asked below, where its refusal is reported as a bug.
        let rebalancer = Rebalancer(policy, seed: seed) { _, _, _ in true }
        let decision = rebalancer.decide(look, &memory) { snapshot }
        if case .plan(let plan, _) = decision {
            try refuse(PlanChecker.check(plan, on: snapshot, under: policy))
        }
        return TimerObservation(decision: decision, overSeconds: look.overSeconds)
    }

    /// What must stay while a timer's run is planned again: all that rests, and what the run moved
    /// itself. What it was to move and has not moved yet rests on paper only.
    func resting(in snapshot: ClusterSnapshot, except state: RunState) async throws -> [DomainID] {
        guard
            let memory = try await observer.stores.journal().remembered(
                RebalanceState.name, as: RebalanceState.self)
        else { return [] }
        let moved = Set(state.displacements.map(\.domain))
        let owed = Set(state.original.moves.map(\.domain)).subtracting(moved)
        return snapshot.domains.map(\.id).filter { domain in
            !owed.contains(domain)
                && memory.rests(domain, at: snapshot.observedAt, policy.rebalance)
        }
    }
}
