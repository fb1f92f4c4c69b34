package import ClusterModel

/// What becomes of copied images once it is seen who has the guest.
extension RunMachine {
    /// Removes the copies of a guest that stayed, and the originals of one that has run from its
    /// copies on the target; nil when there is nothing to remove, or not now.
    ///
    /// A removal that fails does no harm: after some tries the file is named and left.
    mutating func imageWork(
        _ seen: Picture, _ search: StepPhase.Search, _ attempt: inout Attempt,
        at time: Timestamp
    ) -> [Directive]? {
        guard let images = seen.open.preparation?.images, !images.isEmpty else { return nil }
        switch seen.decision {
        case .stayed where seen.target.presence == .absent, .stopped:
            tellOfUnclaimed(seen.open, &attempt)
            return remove(
                seen.open.madeImages, .removeTargetImages, seen, search, &attempt, at: time)
        case .arrived where state.plan.options.keepsImages != true:
            guard seen.target.presence == .running else {
                attempt.add(left(images, on: seen.step.move.source))
                return nil
            }
            guard search == .proving else { return prove(seen, attempt, at: time) }
            return remove(images, .removeSourceImages, seen, search, &attempt, at: time)
        case .arrived, .arrivedThenStopped:
            attempt.add(left(images, on: seen.step.move.source))
            return nil
        case .stayed, .wait, .lookAgain, .settle, .halt:
            return nil
        }
    }

    /// Once more after a while: a guest that dies at once needs its old disk.
    private mutating func prove(
        _ seen: Picture, _ attempt: Attempt, at time: Timestamp
    ) -> [Directive] {
        var attempt = attempt
        attempt.statistics = attempt.statistics(of: seen.open, until: time)
        attempt.endedAt = nil
        enter(.locating(.proving, attempt), seen.id)
        return [.look(seen.id, .verify, afterMilliseconds: bounds.provingMilliseconds)]
    }

    private mutating func remove(
        _ images: [DiskImage], _ settlement: RepairAction, _ seen: Picture,
        _ search: StepPhase.Search, _ attempt: inout Attempt, at time: Timestamp
    ) -> [Directive]? {
        guard !images.isEmpty else { return nil }
        guard attempt.tries.settlements[settlement, default: 0] < bounds.settlements else {
            let move = seen.step.move
            let words = left(
                images, on: settlement == .removeSourceImages ? move.source : move.target)
            attempt.add(words)
            if let error = attempt.error { attempt.error = "\(error); \(words)" }
            return nil
        }
        attempt.tries.settlements[settlement, default: 0] += 1
        return begin(settlement, seen, search, attempt, at: time)
    }

    /// What another process may have made in the moment before it was killed, or its journal did
    /// not tell of yet, may as well be somebody else's: it is named and left.
    private func tellOfUnclaimed(_ open: RunState.StepState, _ attempt: inout Attempt) {
        let made = Set(open.made)
        let unclaimed = (open.preparation?.images ?? []).filter { !made.contains($0.path) }
        guard attempt.isTakenUp, !attempt.hasToldOfUnclaimed, !unclaimed.isEmpty else { return }
        attempt.hasToldOfUnclaimed = true
        let paths = unclaimed.map(\.path).joined(separator: ", ")
        let words =
            "files at \(paths) on \(open.step.move.target), if any, were left: the journal does "
            + "not say that this run made them"
        attempt.error = "\(attempt.error ?? Self.interrupted); \(words)"
        attempt.add(words)
    }

    private func left(_ images: [DiskImage], on host: HostName) -> String {
        "\(images.map(\.path).joined(separator: ", ")) is left on \(host)"
    }
}

extension RunState.StepState {
    /// Images that this attempt made on its target, as the journal tells: nothing else there is
    /// ours.
    package var madeImages: [DiskImage] {
        (preparation?.images ?? []).filter { made.contains($0.path) }
    }
}
