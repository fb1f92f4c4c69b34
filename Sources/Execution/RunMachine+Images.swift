package import ClusterModel

/// What becomes of copied images once it is seen who has the guest.
extension RunMachine {
    /// Removes the copies of a guest that stayed, and the originals of one that has run from its
    /// copies on the target; nil when there is nothing to remove, or not now.
    ///
    /// A removal that fails does no harm: after some tries the file is named and left.
    mutating func imagesSettled(
        _ id: StepID, _ decision: RecoveryDecision, _ now: inout Verification,
        _ open: RunState.StepState, _ target: DomainSighting, _ picture: String,
        at time: Timestamp
    ) -> [Directive]? {
        guard var images = open.preparation?.images, !images.isEmpty else { return nil }
        let move = open.step.move
        let settlement: Settlement
        switch decision {
        case .stayed where target.presence == .absent, .stopped:
            tellOfUnclaimed(open, &now)
            images = open.madeImages
            guard !images.isEmpty else { return nil }
            settlement = .removeTargetImages
        case .arrived where state.plan.options.keepsImages != true:
            guard target.presence == .running else {
                now.note = now.note ?? left(images, on: move.source)
                return nil
            }
            guard now.hasRun else {
                // Once more after a while: a guest that dies at once needs its old disk.
                now.statistics = now.statistics(of: open, until: time)
                now.endedAt = nil
                now.hasRun = true
                phases[id] = .verifying(now)
                return [
                    .look(id, .verify, afterMilliseconds: bounds.provingMilliseconds)
                ]
            }
            settlement = .removeSourceImages
        case .arrived, .arrivedThenStopped:
            now.note = now.note ?? left(images, on: move.source)
            return nil
        case .stayed, .wait, .lookAgain, .settle, .halt:
            return nil
        }
        guard now.imageSettlements < bounds.settlements else {
            let host = settlement == .removeSourceImages ? move.source : move.target
            let words = left(images, on: host)
            now.note = now.note ?? words
            if let error = now.error { now.error = "\(error); \(words)" }
            return nil
        }
        now.imageSettlements += 1
        phases[id] = .settling(settlement, now)
        return [record(.settling(id, settlement), at: time), .settle(id, settlement)]
    }

    /// What another process may have made in the moment before it was killed, or its journal did not
    /// tell of yet, may as well be somebody else's: it is named and left.
    private func tellOfUnclaimed(
        _ open: RunState.StepState, _ now: inout Verification
    ) {
        let made = Set(open.made)
        let unclaimed = (open.preparation?.images ?? []).filter { !made.contains($0.path) }
        guard now.isTakenUp, !now.hasToldOfUnclaimed, !unclaimed.isEmpty else { return }
        now.hasToldOfUnclaimed = true
        let paths = unclaimed.map(\.path).joined(separator: ", ")
        let words =
            "files at \(paths) on \(open.step.move.target), if any, were left: the journal does "
            + "not say that this run made them"
        now.error = "\(now.error ?? "the migration was interrupted"); \(words)"
        now.note = now.note ?? words
    }

    private func left(_ images: [DiskImage], on host: HostName) -> String {
        "\(images.map(\.path).joined(separator: ", ")) is left on \(host)"
    }
}

extension RunMachine.Verification {
    /// A guest that moved cold was down until it was seen running again.
    func statistics(
        of open: RunState.StepState, until time: Timestamp
    ) -> MigrationStatistics? {
        guard open.beginning == .cold, var statistics, let endedAt else { return statistics }
        let more = max(0, time.millisecondsSince(endedAt))
        statistics.durationMilliseconds += more
        statistics.downtimeMilliseconds = statistics.downtimeMilliseconds.map { $0 + more }
        return statistics
    }
}

extension RunState.StepState {
    /// Images that this attempt made on its target, as the journal tells: nothing else there is ours.
    package var madeImages: [DiskImage] {
        (preparation?.images ?? []).filter { made.contains($0.path) }
    }
}
