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
            return removeOriginals(images, seen, search, &attempt, at: time)
        case .arrived, .arrivedThenStopped:
            attempt.add(left(images, on: seen.step.move.source))
            return nil
        case .stayed, .wait, .lookAgain, .settle, .halt:
            return nil
        }
    }

    /// A guest that dies at once needs its old disk, and a target that loses its power has only
    /// what was on its disk: both are waited for, unless the run is aborted.
    private mutating func removeOriginals(
        _ images: [DiskImage], _ seen: Picture, _ search: StepPhase.Search,
        _ attempt: inout Attempt, at time: Timestamp
    ) -> [Directive]? {
        let isHopeless = attempt.tries.doubts >= bounds.doubts
        let isStable = search == .proving && attempt.tries.provings >= provings(of: seen.open)
        if isStable, attempt.isDurable {
            return remove(images, .removeSourceImages, seen, search, &attempt, at: time)
        }
        guard !aborting, !isHopeless, !attempt.wasAway else {
            attempt.add(left(images, on: seen.step.move.source))
            let away =
                attempt.wasAway
                ? "\(seen.step.move.target) did not respond before the copy was surely on the disk"
                : nil
            let why = away ?? attempt.doubt ?? "the run ended before the copy was on the disk"
            attempt.add("\(why): \(removal(of: images, seen.step))")
            return nil
        }
        guard isStable else { return prove(seen, search, attempt, at: time) }
        enter(.locating(.proving, attempt), seen.id)
        return [.lookAtCopies(seen.id)]
    }

    /// How many looks must find the guest running there. Nobody flushes the files of its firmware
    /// and its TPM: they are on the disk when Linux has written all that is older than it allows.
    private func provings(of open: RunState.StepState) -> Int {
        let hasState = open.preparation?.images.contains(where: \.isState) == true
        return open.step.mode == .offline && hasState ? bounds.writebackProvings : 1
    }

    /// Once more after a while.
    private mutating func prove(
        _ seen: Picture, _ search: StepPhase.Search, _ attempt: Attempt, at time: Timestamp
    ) -> [Directive] {
        var attempt = attempt
        attempt.statistics = attempt.statistics(of: seen.open, until: time)
        attempt.endedAt = nil
        let isNew = search != .proving
        attempt.tries.provings = isNew ? 1 : attempt.tries.provings + 1
        enter(.locating(.proving, attempt), seen.id)
        let look = Directive.look(
            seen.id, .verify, afterMilliseconds: bounds.provingMilliseconds)
        let count = provings(of: seen.open)
        guard isNew, count > 1 else { return [look] }
        let seconds = Int64(count) * bounds.provingMilliseconds / 1000
        let words =
            "\(seen.step.domainName) runs on \(seen.step.move.target); its files on "
            + "\(seen.step.move.source) are removed in \(seconds) s, when the copies are on disk"
        return [.tell(words), look]
    }

    /// The answer to `lookAtCopies`.
    mutating func copiesLooked(_ id: StepID, doubt: String?) -> [Directive] {
        guard case .locating(.proving, var attempt) = phases[id] else { return [] }
        attempt.isDurable = doubt == nil
        attempt.doubt = doubt
        if doubt != nil { attempt.tries.doubts += 1 }
        enter(.locating(.proving, attempt), id)
        let pause = doubt == nil ? 0 : bounds.lookPauseMilliseconds
        return [.look(id, .verify, afterMilliseconds: pause)]
    }

    private mutating func remove(
        _ images: [DiskImage], _ settlement: RepairAction, _ seen: Picture,
        _ search: StepPhase.Search, _ attempt: inout Attempt, at time: Timestamp
    ) -> [Directive]? {
        guard !images.isEmpty else { return nil }
        let tries = attempt.tries.settlements[settlement, default: 0]
        // Only whoever began a removal knows what the files were like before it.
        let isOthers = tries == 0 && seen.open.hasBegunRemoval
        guard tries < bounds.settlements, !isOthers else {
            let move = seen.step.move
            let host = settlement == .removeSourceImages ? move.source : move.target
            guard isOthers else {
                let words = left(images, on: host)
                attempt.add(words)
                if let error = attempt.error { attempt.error = "\(error); \(words)" }
                return nil
            }
            tell(
                "\(images.map(\.path).joined(separator: ", ")) may be left on \(host): another "
                    + "process began to remove it, and did not say whether it did", &attempt)
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
        let paths = unclaimed.map(\.path).joined(separator: ", ")
        tell(
            "files at \(paths) on \(open.step.move.target), if any, were left: the journal does "
                + "not say that this run made them", &attempt)
    }

    /// In whatever the step's end is: its error stays, whichever repair fails after this.
    private func tell(_ words: String, _ attempt: inout Attempt) {
        guard attempt.error?.contains(words) != true else { return }
        attempt.hasToldOfUnclaimed = true
        attempt.error = "\(attempt.error ?? Self.interrupted); \(words)"
        attempt.add(words)
    }

    private func removal(of images: [DiskImage], _ step: Step) -> String {
        let commands = images.map { image in
            image.pool.map {
                "virsh vol-delete \(image.volume.quotedForShell) --pool \($0.quotedForShell)"
            }
                ?? "rm -- \(image.path.quotedForShell)"
        }
        return "remove the original on \(step.move.source) when '\(step.domainName)' is well: "
            + commands.joined(separator: "; ")
    }

    func left(_ images: [DiskImage], on host: HostName) -> String {
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
