import ClusterModel

/// What a cold move learns beside the recovery table: where the guest may have run and written.
extension RunMachine {
    /// Whoever ran on the target may have written there, and goes on from there.
    func noteWhetherItRan(_ seen: Picture, _ attempt: inout Attempt) {
        guard seen.open.beginning == .cold else {
            if seen.target.presence == .running { attempt.mayHaveRun = true }
            return
        }
        if seen.source.presence.isGuest { attempt.wasUpOnSource = true }
        guard seen.target.presence.isGuest else { return }
        attempt.mayHaveRun = true
        guard seen.decision == .arrived, !attempt.hasArrived else { return }
        attempt.hasArrived = true
        attempt.looksBefore = attempt.tries.looks
    }

    /// A process that was killed may have ordered the definition to go over, and the daemons do
    /// without it what it ordered: what is not on the target yet may come there in a moment.
    func isStillComing(_ seen: Picture, _ attempt: Attempt) -> Bool {
        attempt.isTakenUp && seen.open.beginning != .live
            && attempt.tries.looks < bounds.looksForLateDefinition
            && seen.source.presence == .inactive && seen.target.presence == .absent
            && !seen.source.jobActive && !seen.target.jobActive
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
        case .peerUnreachable, .targetClosed, .hostLeased, .other: break
        }
        return nil
    }
}

extension Attempt {
    /// Since it arrived the target did not answer for a time in which it may have lost its power.
    var wasAway: Bool { hasArrived && tries.looks - looksBefore >= 2 }

    /// Whoever shut it down since it arrived was not us; but where the copies may be damaged, a
    /// person must find out.
    func corrected(_ decision: RecoveryDecision) -> RecoveryDecision {
        guard decision == .settle(.startTarget) && hasArrived else { return decision }
        guard wasAway, !isDurable else { return .arrivedThenStopped }
        return .halt(
            "it ran on the target, which then did not respond, before what was copied was surely "
                + "on the disk there: if the target lost its power, the copies may be damaged; "
                + Self.choice)
    }

    /// For a person who must find out where the newest whole data are.
    static let choice =
        "the originals are still on the source. If the files on the target are whole, start it "
        + "there (virsh start); if not, define it on the source (virsh dumpxml, virsh define), "
        + "undefine it on the target (virsh undefine --keep-tpm --keep-nvram) and start it on the "
        + "source. Then resume the run"
}
