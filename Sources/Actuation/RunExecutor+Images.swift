import ClusterModel
import Execution
import HypervisorInterface

/// Steps that copy images, live or cold.
extension RunExecutor {
    /// What the step would copy, and whether the target can take it. Touches nothing.
    func prepare(_ id: StepID) async {
        guard let open = machine.state.step(id) else { return }
        removing[id] = nil
        do {
            send(.surveyed(id, try await preparation(of: open.step), reason: nil))
        } catch {
            send(.surveyed(id, nil, reason: "\(error)"))
        }
    }

    private func preparation(of step: Step) async throws -> StepPreparation {
        let (source, target) = try keepers(step.move)
        let isCold = step.mode == .offline
        var images = try await source.images(
            of: step.move.domain, disks: step.copies, layer: step.copiesTopLayer, firmware: isCold)
        try await target.admit(images, isVerbatim: isCold)
        try await compareBases(of: &images, source, target)
        return StepPreparation(images: images, wasRunning: !step.isShutOff)
    }

    func keepers(
        _ move: Move
    ) throws -> (source: any ImageKeeper, target: any ImageKeeper) {
        guard let source = connections[move.source]?.images,
            let target = connections[move.target]?.images
        else {
            throw HypervisorError(
                kind: .unsupported, operation: "copy images", host: move.source,
                message: "images cannot be copied between these hosts")
        }
        return (source, target)
    }

    /// The target's images are made by us, so that libvirt neither writes over what lies there nor
    /// leaves behind what nobody knows of.
    func copyLive(
        _ open: RunState.StepState, _ request: MigrationRequest, _ source: HostConnection,
        _ target: HostConnection
    ) async throws -> MigrationStatistics? {
        let images = open.preparation?.images ?? []
        let control = newControl(of: open.step.id)
        try await keepers(open.step.move).target.create(images, control: control)
        var request = request
        request.isTopLayer = images.contains { $0.backingPath != nil }
        return try await source.actuator.migrate(request)
    }

    /// Down, over, and no further: that it is started on the target is decided when both hosts were
    /// looked at.
    func moveCold(
        _ open: RunState.StepState, _ request: MigrationRequest, _ source: HostConnection,
        _ target: HostConnection
    ) async throws -> MigrationStatistics? {
        let (keeper, _) = try keepers(open.step.move)
        copied[open.step.id] = nil
        let control = controls[open.step.id] ?? newControl(of: open.step.id)
        defer { controls[open.step.id] = nil }
        let begun = clock.steady()
        if open.preparation?.wasRunning == true {
            let seconds = machine.state.plan.options.shutdownSeconds ?? Self.shutdownSeconds
            try await keeper.shutDown(request.domain, within: seconds, control: control)
            try await demandEnd(of: open.step, source)
        }
        let down = clock.steady()
        let images = open.preparation?.images ?? []
        let stamps = try await keeper.stamps(of: images)
        if !images.isEmpty {
            try await keeper.copy(images, to: request.target, control: control)
        }
        copied[open.step.id] = Copied(stamps: stamps, at: clock.steady())
        guard !control.isCancelled else {
            throw HypervisorError(
                kind: .aborted, operation: "move cold", host: open.step.move.source,
                message: "it was aborted")
        }
        var request = request
        request.keepsDefinition = true
        _ = try await source.actuator.migrate(request)
        let now = clock.steady()
        return MigrationStatistics(
            durationMilliseconds: now.millisecondsSince(begun),
            downtimeMilliseconds: open.preparation?.wasRunning == true
                ? now.millisecondsSince(down) : 0,
            transferred: images.reduce(Bytes.zero) { $0 + $1.length })
    }

    /// One that is off because somebody else has just migrated it away runs elsewhere.
    private func demandEnd(of step: Step, _ source: HostConnection) async throws {
        let seen = try await source.inspector.sighting(of: step.move.domain)
        guard WakeProof.hasEnded(seen) else {
            let detail = seen.detail.isEmpty ? "" : " (\(seen.detail))"
            throw StepFailure(
                "it is off on \(step.move.source), and nothing tells that it was shut down "
                    + "there\(detail)")
        }
    }

    /// For a step that has no libvirt job to show its end.
    func newControl(of id: StepID) -> StepProgress {
        StepProgress(id) { [inbox] in inbox.yield($0) }
    }

    static let shutdownSeconds = 120

    func settleImages(
        _ id: StepID, _ settlement: RepairAction, _ move: Move, _ source: HostConnection
    ) async throws {
        let (from, to) = try keepers(move)
        guard let open = machine.state.step(id) else { throw StepFailure("there is no step \(id)") }
        switch settlement {
        case .startSource:
            try await from.start(move.domain, with: open.preparation?.images ?? [])
        case .startTarget:
            try await startTarget(open, from, to)
        case .returnDefinition:
            var back = open.step
            back.move = Move(domain: move.domain, source: move.target, target: move.source)
            back.interfaces = Dictionary(
                back.interfaces.map { ($0.value, $0.key) }, uniquingKeysWith: { first, _ in first })
            back.emulators = Dictionary(firstOf: back.emulators.map { ($0.value, $0.key) })
            try await to.copyDefinition(request(back, to: source, isPersistent: true))
        case .removeTargetImages: try await remove(open.madeImages, of: open.step, to)
        case .removeSourceImages:
            try await remove(open.preparation?.images ?? [], of: open.step, from)
        case .destroyPausedSource, .resumeSource, .resumePostcopy, .undefineSource,
            .undefineTarget, .setAutostart, .setSourceAutostart:
            throw StepFailure("\(settlement.rawValue) does not concern images")
        }
    }

    /// Removes these images, which the step knows for its own. One whose answer was lost may have
    /// been carried out, and what lies there at the next try may be somebody else's: only what is
    /// as it was before the first try is removed.
    private func remove(
        _ images: [DiskImage], of step: Step, _ keeper: any ImageKeeper
    ) async throws {
        let now = try await keeper.stamps(of: images)
        let before = removing[step.id] ?? now
        removing[step.id] = before
        let others = images.filter { now[$0.path] != nil && now[$0.path] != before[$0.path] }
        try await keeper.remove(images.filter { !others.contains($0) }, of: step.move.domain)
        guard !others.isEmpty else { return }
        throw StepFailure(
            "\(others.map(\.path).joined(separator: ", ")) on \(keeper.host) changed since its "
                + "removal was first tried, and may be somebody else's")
    }

    /// What the target can no longer give, asked right before the step. A host that cannot answer
    /// is no reason to stay: the migration itself will tell.
    func unmetPrecondition(of step: Step, _ source: HostConnection, _ target: HostConnection) async
        -> String?
    {
        guard let here = source.inspector as? any StepInspector,
            let there = target.inspector as? any StepInspector,
            var needs = try? await here.needs(of: step.move.domain)
        else { return nil }
        needs.networks = needs.networks.map { step.interfaces[$0] ?? $0 }
        needs.portgroups = Dictionary(
            needs.portgroups.map { (step.interfaces[$0.key] ?? $0.key, $0.value) },
            uniquingKeysWith: +)
        // A copy must not be there yet; what lies under it is looked at when it is made.
        for disk in needs.files.keys
        where step.copies.contains(disk)
            || step.copies.contains(where: { disk.hasPrefix("\($0) backing ") })
        {
            needs.files[disk] = nil
        }
        guard let lacks = try? await there.lacks(needs), !lacks.isEmpty
        else { return nil }
        return "it was not started: " + lacks.joined(separator: "; ")
    }

    /// Polls a cold move: shutting down has its own deadline, copying must make progress.
    func monitorCold(_ id: StepID, _ control: StepProgress) async {
        var watch: MigrationWatch?
        while !Task.isCancelled {
            do { try await clock.sleep(clock.pollMilliseconds) } catch { return }
            renewLeasesIfDue()
            guard !Task.isCancelled, let progress = control.progress else { continue }
            await observer.observe(.progress(id, progress))
            var current =
                watch
                ?? MigrationWatch(
                    startedAt: clock.steady(),
                    timeoutSeconds: machine.state.plan.options.timeoutSeconds)
            switch current.look(progress, at: clock.steady()) {
            // There is no memory that could fail to converge.
            case .fine, .adjust: break
            case .nonConverging(let reason), .overdue(let reason):
                send(.overdue(id, reason: reason))
            case .stuck(let reason): send(.stuck(id, reason: reason))
            }
            watch = current
        }
    }
}
