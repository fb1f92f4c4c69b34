import ClusterModel

/// Hosts that are neither source nor target of a step.
extension RunMachine {
    /// Third hosts are asked only where the two that were seen do not prove enough. Who was up on
    /// the source in between (not `isCertain`) may have gone on from there.
    func order(
        _ settlement: RepairAction, _ open: RunState.StepState, source: DomainSighting,
        target: DomainSighting, isCertain: Bool
    ) -> Directive {
        let isProven =
            isCertain
            && WakeProof.isGiven(
                for: settlement, source: source, target: target,
                hasReturned: open.hasReturned)
        return settlement.wakesGuest && !isProven
            ? .lookElsewhere(open.step.id) : .settle(open.step.id, settlement)
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
        case .repairing(let settlement, _, _):
            guard let doubt else { return [.settle(id, settlement)] }
            return settled(
                id, settlement, StepFailure(doubt.words), isUnheard: doubt.isSilence, at: time)
        case .preparing:
            return lookedBeforeShutdown(id, sightings, doubt, at: time)
        case .prechecking, .migrating, .locating, nil:
            return []
        }
    }

    /// Hosts that could not be reached when the step was planned, or before its guest was shut
    /// down: what they would have to say could not be known then either.
    private func excused(_ id: StepID) -> Set<HostName> {
        Set(state.plan.unreachable + (state.step(id)?.preparation?.unreachable ?? []))
    }
}
