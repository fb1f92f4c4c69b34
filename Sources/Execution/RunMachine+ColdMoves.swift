import ClusterModel

/// What a cold move learns beside the recovery table: where the guest may have run and written.
extension RunMachine {
    /// Whoever ran on the target may have written there, and goes on from there.
    func noteWhetherItRan(_ seen: Picture, _ attempt: inout Attempt) {
        guard seen.open.beginning == .cold, seen.target.presence.isGuest else { return }
        attempt.mayHaveRun = true
        if seen.decision == .arrived { attempt.hasArrived = true }
    }

    /// The target has taken the definition of a domain that is down, and the source still has it:
    /// it goes there, where nothing has gone wrong since.
    func isHandingOver(_ seen: Picture, _ attempt: Attempt) -> Bool {
        seen.open.beginning != .live && seen.source.presence == .inactive
            && attempt.isGoingForward
    }

    /// Was the guest started on the target, as far as the answer tells? Says where the search goes
    /// on when it surely was not and will not be.
    func learn(
        of id: StepID, from failure: StepFailure?, _ attempt: inout Attempt
    ) -> StepPhase.Search? {
        let starts = state.step(id)?.targetStarts ?? 0
        switch failure?.kind {
        case .copyDiffers where !attempt.mayHaveRun && !(attempt.isTakenUp && starts > 1):
            return .goingBack
        case .copyDiffers:
            // It was damaged there, or the guest ran there: that is for a person to find out.
            attempt.mayHaveRun = true
            attempt.tries.settlements[.startTarget] = bounds.settlements
        case nil, .unanswered: attempt.mayHaveRun = true
        case .peerUnreachable, .targetClosed, .other: break
        }
        return nil
    }
}

extension Attempt {
    /// Whoever shut it down since it arrived was not us.
    func corrected(_ decision: RecoveryDecision) -> RecoveryDecision {
        decision == .settle(.startTarget) && hasArrived ? .arrivedThenStopped : decision
    }
}
