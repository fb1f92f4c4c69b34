package import ClusterModel

/// While a migration runs, and what its end means.
extension RunMachine {
    /// Two hosts in the direction of a migration.
    struct HostPair: Hashable, Sendable {
        var source: HostName
        var target: HostName
    }

    /// Peer-to-peer is the default because it survives us; where the hosts do not reach each other,
    /// the next attempt is driven from here, if the options leave the route open.
    package func route(from source: HostName, to target: HostName) -> MigrationOptions.Route {
        let isManaged =
            state.plan.options.route == .managed
            || managedPairs.contains(HostPair(source: source, target: target))
        return isManaged ? .managed : .peerToPeer
    }

    /// However it ended: both hosts are looked at.
    mutating func ended(
        _ id: StepID, _ statistics: MigrationStatistics?, _ failure: StepFailure?,
        at time: Timestamp
    ) -> [Directive] {
        var directives: [Directive] = []
        switch failure?.kind {
        case .peerUnreachable: directives += failure.map { noteRoute($0, of: id) } ?? []
        case .targetClosed: closed.insert(id)
        case .unanswered, .copyDiffers, .other, nil: break
        }
        let attempt = Attempt(
            statistics: statistics, error: failure?.message, endedAt: time)
        enter(.locating(.open, attempt), id)
        return directives + [.look(id, .verify, afterMilliseconds: 0)]
    }

    mutating func noteRoute(_ failure: StepFailure, of id: StepID) -> [Directive] {
        let options = state.plan.options
        guard failure.kind == .peerUnreachable, options.route == .automatic, !options.tunnelled,
            let move = state.step(id)?.step.move,
            managedPairs.insert(HostPair(source: move.source, target: move.target)).inserted
        else { return [] }
        return [
            .tell(
                "\(move.source) cannot reach the libvirtd of \(move.target): the next attempt is "
                    + "driven from here (managed)")
        ]
    }

    // MARK: A migration that does not converge

    /// Not once it is being stopped.
    mutating func adjust(
        _ id: StepID, _ adjustment: MigrationAdjustment, reason: String, at time: Timestamp
    ) -> [Directive] {
        guard case .migrating(.none) = phases[id] else { return [] }
        return [
            record(.adjusting(id, adjustment, reason: reason), at: time), .adjust(id, adjustment),
        ]
    }

    /// What cannot be changed goes on as it was; but without the policy's last word nothing would
    /// ever end it.
    mutating func adjustFailed(
        _ id: StepID, _ adjustment: MigrationAdjustment, error: String
    ) -> [Directive] {
        guard case .migrating = phases[id] else { return [] }
        let words = Directive.tell("step \(id): \(adjustment): \(error)")
        switch adjustment {
        case .allowDowntime, .allowBandwidth:
            return [words]
        case .startPostcopy, .suspendGuest:
            let reason = "does not converge, and \(adjustment): \(error)"
            return [words] + noConvergence(id, reason: reason)
        }
    }

    mutating func noConvergence(_ id: StepID, reason: String) -> [Directive] {
        guard case .migrating = phases[id] else { return [] }
        nonConverging.insert(id)
        return overdue(id, reason: reason)
    }

    // MARK: Stopping it

    /// As often as requested: an abort can come before the job has begun, or be lost.
    mutating func overdue(_ id: StepID, reason: String) -> [Directive] {
        guard case .migrating(let request) = phases[id] else { return [] }
        stopped[id] = reason
        if request == .none { enter(.migrating(.asked(failures: 0)), id) }
        return [.abort(id)]
    }

    /// Repeated for as long as the migration goes on: a job that does not exist yet refuses it.
    mutating func abortFailed(_ id: StepID, error: String) -> [Directive] {
        let words = Directive.tell("abort of step \(id): \(error)")
        guard case .migrating(.asked(let failures)) = phases[id] else { return [words] }
        enter(.migrating(.asked(failures: failures + 1)), id)
        if failures + 1 < bounds.aborts { return [.abort(id)] }
        return failures + 1 == bounds.aborts ? [words] : []
    }

    /// To wait on would be to wait without a bound: a person must look, and the migration is left
    /// to its daemon. The step stays open: a resumed run checks both hosts first.
    mutating func stuck(_ id: StepID, reason: String) -> [Directive] {
        guard case .migrating = phases[id], let step = state.step(id)?.step else { return [] }
        return halt(step, "its migration \(reason); see whether its QEMU still answers")
    }

    mutating func halt(_ step: Step, _ reason: String) -> [Directive] {
        enter(nil, step.id)
        haltReason = haltReason ?? "'\(step.domainName)': \(reason)"
        return []
    }
}
