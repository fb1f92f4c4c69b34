import ClusterModel
import PlacementPolicy

extension PlanDraft {
    /// The draft of a drain whose unmovable guests are stopped. A host on which nobody else runs is
    /// emptied by that alone.
    func stopping(_ unmovable: UnmovableGuests, bestEffort: Bool) -> PlanDraft {
        var draft = self
        draft.blockers += unmovable.refusals
        guard !unmovable.stops.isEmpty else { return draft }
        let isKnown = !blockers.contains { $0.domain == nil }
        switch outcome {
        case .plan: break
        case .nothingToDo: draft.outcome = .plan
        case .infeasible where bestEffort && isKnown: draft.outcome = .plan
        case .infeasible: return draft
        }
        draft.inPlace = InPlaceSteps(unmovable.stops)
        return draft
    }

    /// The draft of a return or a rollback that starts guests again.
    func starting(
        _ starts: GuestStarts, in snapshot: ClusterSnapshot, bestEffort: Bool
    ) -> PlanDraft {
        var draft = self
        draft.staying += starts.running
        draft.blockers += starts.skipped + starts.blockers
        draft.isWhole = isWhole && starts.blockers.isEmpty
        draft.left.formUnion(starts.blockers.compactMap(\.domain))
        guard starts.blockers.isEmpty || bestEffort else {
            draft.outcome = .infeasible
            return draft
        }
        guard !starts.starts.isEmpty else {
            let isInVain = outcome == .nothingToDo && !starts.blockers.isEmpty
            if isInVain { draft.outcome = .infeasible }
            return draft
        }
        switch outcome {
        case .plan: break
        case .nothingToDo: draft.outcome = .plan
        case .infeasible where bestEffort: draft.outcome = .plan
        case .infeasible: return draft
        }
        draft.inPlace = InPlaceSteps(starts.starts, in: snapshot)
        return draft
    }
}

extension PlanRequest {
    /// Who moved cold for being unmovable goes back cold where that is still so.
    func allowing(_ policy: Policy, in snapshot: ClusterSnapshot) -> Policy {
        let asked: [DomainID] =
            switch goal {
            case .return(let homecomings, _): homecomings.map(\.domain)
            case .moves(let moves, _): moves.map(\.domain)
            case .drain, .move, .balance, .consolidate: []
            }
        let ids = Set(asked)
        var policy = policy
        policy.coldUnmovable = Set(
            snapshot.domains.filter {
                ids.contains($0.id) && $0.facts.state.isActive
                    && policy.unmovableAction(of: $0.facts) == .cold
            }.map(\.id))
        return policy
    }
}
