import ClusterModel

/// Hosts that are neither source nor target of a step.
extension RunMachine {
    /// Third hosts are asked only where the two that were seen do not prove enough, or where
    /// nobody watched them for a while: until a run is taken up again, others may have started its
    /// guest on the source and moved it on.
    func order(_ settlement: RepairAction, _ id: StepID, _ attempt: Attempt) -> Directive {
        let isEnough = attempt.isProven && !attempt.isTakenUp
        return settlement.wakesGuest && !isEnough ? .lookElsewhere(id) : .settle(id, settlement)
    }

    /// The hosts that are neither source nor target were looked at, because a guest is to be woken
    /// or shut down: it may have gone on to one of them, and would run twice or not come back.
    mutating func lookedElsewhere(
        _ id: StepID, _ sightings: [HostName: DomainSighting], at time: Timestamp
    ) -> [Directive] {
        let doubt = ElsewhereDoubt.found(in: sightings, excused: excused(id))
        if let watch = watches[id], watch.isSettling {
            let doubt = watch.isProven ? ElsewhereDoubt.running(in: sightings) : doubt
            return doubt.map { woken(id, error: $0.words) } ?? [.settle(id, .startSource)]
        }
        switch phases[id] {
        case .repairing(let settlement, _, let attempt):
            let elsewhere = attempt.isProven ? ElsewhereDoubt.running(in: sightings) : doubt
            guard let doubt = elsewhere ?? staleness(id, settlement, attempt) else {
                return [.settle(id, settlement)]
            }
            return settled(
                id, settlement, StepFailure(doubt.words), isUnheard: doubt.isSilence, at: time)
        case .preparing:
            return lookedBeforeShutdown(id, sightings, doubt, at: time)
        case .prechecking, .migrating, .locating, nil:
            return []
        }
    }

    /// A guest that was seen to run on the target has gone on without the copy that its migration
    /// left paused, wherever it is by now: perhaps where nobody is reached.
    private func staleness(
        _ id: StepID, _ settlement: RepairAction, _ attempt: Attempt
    ) -> ElsewhereDoubt? {
        guard settlement == .resumeSource, attempt.mayHaveRun, let step = state.step(id)?.step
        else { return nil }
        return .known(
            "it was seen to run on \(step.move.target), which knows nothing of it now, so this "
                + "paused copy is older than its disks: look for it (kvmbalance status), and "
                + "destroy the copy (virsh destroy)")
    }

    /// Hosts that could not be reached when the step was planned, or before its guest was shut
    /// down: what they would have to say could not be known then either.
    private func excused(_ id: StepID) -> Set<HostName> {
        Set(state.plan.unreachable + (state.step(id)?.preparation?.unreachable ?? []))
    }
}
