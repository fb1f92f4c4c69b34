package import ClusterModel
import PlacementPolicy
import Planning

/// Questions about the fleet as it is; it is only looked at.
extension PlanService {
    /// Which host's loss would not fit, and how many more guests of this size do; nil asks only the
    /// first.
    package func headroom(for wish: GuestWish?) async throws -> FleetHeadroom {
        let snapshot = try await observe(.move([], bestEffort: false), naming: [])
        return Planner.headroom(
            for: try wish?.request(in: snapshot), in: snapshot, under: policy)
    }

    /// The CPU that every host can give, and who has another one.
    package func cpuBaseline() async throws -> CPUBaseline {
        let snapshot = try await observe(.move([], bestEffort: false), naming: [])
        var baseline = Planner.cpuBaseline(of: snapshot, under: policy)
        guard !isOfFile else { return baseline }
        let question = BaselineQuestion(
            inspectors: observer.hosts.inspectors, progress: observer.progress)
        if let answer = await question.answer(for: baseline, in: snapshot) {
            (baseline.computed, baseline.computedBy) = answer
        }
        return baseline
    }
}
