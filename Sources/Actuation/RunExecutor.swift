package import ClusterModel
package import Execution
package import HypervisorInterface

/// Carries out the directives of a run machine on real hosts: the shell around the pure core.
///
/// Directives of one event are carried out in order; migrations, looks and repairs run beside each
/// other and come back as events. When a record cannot be written nothing more is started.
package actor RunExecutor {
    /// Makes a plan for what is left of a run, from the world as it is at that moment.
    package typealias Replanner =
        @Sendable (RunGoal, [Exclusion], RunState) async throws -> MigrationPlan

    /// Why nothing may be sent to this host any more; nil when it takes domains.
    package typealias Closure = @Sendable (HostName) async throws -> String?

    private let run: RunID
    var machine: any RunDeciding
    private let journal: any RunJournal
    let connections: [HostName: HostConnection]
    private let replanner: Replanner
    let closure: Closure
    /// nil where nobody else could be at work.
    let leases: RunLeases?
    let clock: WorldClock
    let observer: any RunObserver

    private let events: AsyncStream<RunEvent>
    let inbox: AsyncStream<RunEvent>.Continuation
    /// What is under way, by its own number.
    private var effects: [Int: Task<Void, Never>] = [:]
    private var lastEffect = 0
    private var monitors: [StepID: Task<Void, Never>] = [:]
    /// Running cold moves: there is no libvirt job that shows them.
    var controls: [StepID: StepProgress] = [:]
    /// What this process copied cold, by the last attempt.
    var copied: [StepID: Copied] = [:]
    /// By step and path, what the images were like before the first attempt to remove them.
    var removing: [StepID: [String: String]] = [:]
    var leasesRenewedAt = Timestamp(seconds: 0)
    /// Hosts that did not answer when they were asked last.
    private var unheard: Set<HostName> = []
    /// Files that are read whole at this moment: see `RunExecutor+BaseImages`.
    var readings: [FileChecksum.Key: FileChecksum] = [:]
    let checksums: ChecksumMemory

    package init(
        run: RunID, machine: any RunDeciding, journal: any RunJournal,
        connections: [HostName: HostConnection], clock: WorldClock, observer: any RunObserver,
        checksums: ChecksumMemory = .none, leases: RunLeases? = nil, closure: @escaping Closure,
        replanner: @escaping Replanner
    ) {
        self.run = run
        self.machine = machine
        state = machine.state
        self.journal = journal
        self.connections = connections
        self.clock = clock
        self.observer = observer
        self.checksums = checksums
        self.leases = leases
        self.closure = closure
        self.replanner = replanner
        (events, inbox) = AsyncStream.makeStream()
    }

    /// Its own lane, or the one thread of virtual time.
    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        clock.thread?.asUnownedSerialExecutor() ?? lane.unownedExecutor
    }

    private actor Lane {}
    private let lane = Lane()

    /// Tells the run something from outside: a person's wish to stop or to abort it.
    package nonisolated func send(_ event: RunEvent) { inbox.yield(event) }

    /// What the journal has taken: a record that could not be written is not told as done.
    package private(set) var state: RunState

    /// Runs to the end, or until its task is cancelled: then what is under way is left to libvirt
    /// and the run stays open in the journal, as if this process had died.
    package func execute() async -> RunOutcome {
        defer { for monitor in monitors.values { monitor.cancel() } }
        for (host, uuid) in machine.state.hostUUIDs { connections[host]?.identity?.expect(uuid) }
        leasesRenewedAt = clock.steady()
        let outcome = await handleEvents()
        await giveBackLeases(after: outcome)
        return outcome
    }

    private func handleEvents() async -> RunOutcome {
        send(.begin)
        for await event in events {
            renewLeasesIfDue()
            if case .migrationEnded(let id, _, _) = event {
                monitors.removeValue(forKey: id)?.cancel()
            }
            if event.endsReadings { for reading in readings.values { reading.cancel() } }
            let now = clock.now()
            if let outcome = await carryOut(machine.handle(event, at: now), decidedAt: now) {
                return outcome
            }
        }
        for effect in effects.values { effect.cancel() }
        return RunOutcome(
            .halted, reason: "it was interrupted; resume it: kvmbalance runs resume \(run)")
    }

    /// A run that cannot be written down must not go on: the machine decides what of it is waited
    /// for.
    private func carryOut(
        _ directives: [Directive], decidedAt now: Timestamp
    ) async -> RunOutcome? {
        for (index, directive) in directives.enumerated() {
            do {
                if let outcome = try await carryOut(directive, decidedAt: now) { return outcome }
            } catch {
                let reason =
                    "the journal cannot be written, so nothing more was started: \(error). "
                    + "Fix that, then: kvmbalance runs resume \(run)"
                let closed = RunEvent.journalClosed(
                    reason: reason, undone: Array(directives[index...]))
                return await carryOut(machine.handle(closed, at: now), decidedAt: now)
            }
        }
        return nil
    }

    private func carryOut(
        _ directive: Directive, decidedAt now: Timestamp
    ) async throws -> RunOutcome? {
        switch directive {
        case .record(let event):
            try await journal.append(event, to: run, at: now)
            state.apply(event, at: now)
            await observer.observe(.recorded(event))
        case .look(let id, let purpose, let pause):
            start { await $0.look(id, purpose, afterMilliseconds: pause) }
        case .lookAtHosts(let hosts, let pause):
            start { await $0.lookAtHosts(hosts, afterMilliseconds: pause) }
        case .lookAtGuests(let promises, let pause):
            start { await $0.lookAtGuests(promises, afterMilliseconds: pause) }
        case .lookElsewhere(let id):
            start { await $0.lookElsewhere(id) }
        case .lookAtCopies(let id):
            start { await $0.lookAtCopies(id) }
        case .prepare(let id):
            start { await $0.prepare(id) }
        case .migrate(let id):
            if machine.state.step(id)?.step.mode.hasNoMigrationJob == true {
                controls[id] = newControl(of: id)
            }
            start { await $0.migrate(id) }
            monitors[id] = clock.spawn { await self.monitor(id) }
        case .settle(let id, let settlement):
            start { await $0.settle(id, settlement) }
        case .adjust(let id, let adjustment):
            start { await $0.adjust(id, adjustment) }
        case .abort(let id):
            start { await $0.abort(id) }
        case .plan(let goal, let exclusions):
            start { await $0.plan(goal, exclusions) }
        case .tell(let words):
            await observer.observe(.note(words))
        case .finish(let outcome):
            return outcome
        }
        return nil
    }

    private func start(_ effect: @escaping @Sendable (RunExecutor) async -> Void) {
        lastEffect += 1
        let number = lastEffect
        effects[number] = clock.spawn {
            await effect(self)
            await self.isOver(number)
        }
    }

    private func isOver(_ effect: Int) { effects[effect] = nil }

    // MARK: Effects

    private func look(
        _ id: StepID, _ purpose: ObservationPurpose, afterMilliseconds pause: Int64
    ) async {
        if pause > 0 { try? await clock.sleep(pause) }
        let move = self.move(id)
        // The source first: what has left it is seen on the target afterwards. The other way round
        // a domain that arrives between the two looks would seem to be nowhere.
        let source = await sighting(of: move.domain, on: move.source)
        let target =
            move.target == move.source
            ? source : await sighting(of: move.domain, on: move.target)
        await note(source, of: move.source)
        await note(target, of: move.target)
        send(.looked(id, purpose, source: source, target: target))
    }

    /// Waiting for a host that does not answer may take minutes: said when it begins and when it
    /// ends.
    private func note(_ sighting: DomainSighting, of host: HostName) async {
        if sighting.presence != .unknown {
            guard unheard.remove(host) != nil else { return }
            await observer.observe(.note("\(host) answers again"))
        } else if unheard.insert(host).inserted {
            await observer.observe(
                .note("\(host) does not respond, retrying: \(sighting.detail)"))
        }
    }

    func sighting(of domain: DomainID, on host: HostName) async -> DomainSighting {
        guard let connection = connections[host] else {
            return DomainSighting(.unknown, detail: "\(host) is not in the fleet file")
        }
        do {
            return try await connection.inspector.sighting(of: domain)
        } catch {
            return DomainSighting(.unknown, detail: "\(error)")
        }
    }

    private func migrate(_ id: StepID) async {
        let begin = clock.now()
        do {
            send(.migrationEnded(id, try await migration(of: id), failure: nil))
        } catch {
            send(.migrationEnded(id, nil, failure: await withLogs(error, of: id, since: begin)))
        }
    }

    /// Asked once more right before: whatever is refused here was not begun, and the looks that
    /// follow will find so.
    private func migration(of id: StepID) async throws -> MigrationStatistics? {
        if let open = machine.state.step(id), open.step.mode.isInPlace {
            return try await changeInPlace(open)
        }
        guard let open = machine.state.step(id), let source = connections[open.step.move.source],
            let target = connections[open.step.move.target],
            let request = request(of: id, to: target)
        else { throw StepFailure("a host is not in the fleet file") }
        try await demandLeases(on: open.step.move)
        try await demandOpen(open.step.move.target)
        if let lack = await unmetPrecondition(of: open.step, source, target) {
            throw StepFailure(lack)
        }
        return switch open.step.mode {
        case .live: try await source.actuator.migrate(request)
        case .storage: try await copyLive(open, request, source, target)
        case .offline: try await moveCold(open, request, source, target)
        case .shutdown, .save, .start, .restore: nil
        }
    }

    /// `step` tells the way; from its source to `target`, which may be where it came from.
    func request(_ step: Step, to target: HostConnection, isPersistent: Bool) -> MigrationRequest {
        var options = machine.state.plan.options
        options.route = machine.route(from: step.move.source, to: step.move.target)
        var request = MigrationRequest(
            domain: step.move.domain, target: step.move.target,
            targetURI: options.route == .managed ? target.controllerURI : target.peerURI,
            migrateURI: target.migrateURI, isPersistent: isPersistent, mode: step.mode,
            options: options)
        request.copies = step.copies
        request.interfaces = step.interfaces
        request.emulators = step.emulators
        request.tlsDestination = options.tls ? target.tlsDestination : nil
        let own = connections[step.move.source]?.addresses ?? []
        for (here, there) in zip(own, target.addresses) where here != there {
            request.addresses[here] = there
        }
        return request
    }

    /// As it was begun; nil when it was not.
    private func request(of id: StepID, to target: HostConnection) -> MigrationRequest? {
        guard let open = machine.state.step(id), case .running(_, let persistent, _) = open.status
        else { return nil }
        return request(open.step, to: target, isPersistent: persistent)
    }

    private func settle(_ id: StepID, _ settlement: RepairAction) async {
        do {
            try await repair(id, settlement)
            send(.settled(id, settlement, failure: nil))
        } catch {
            send(.settled(id, settlement, failure: StepFailure(error)))
        }
    }

    private func repair(_ id: StepID, _ settlement: RepairAction) async throws {
        let move = self.move(id)
        // Its target may have been taken out of the fleet file since, because it is dead.
        if settlement == .startSource, let keeper = connections[move.source]?.images {
            let images = machine.state.step(id)?.preparation?.images ?? []
            return try await keeper.start(move.domain, with: images)
        }
        guard let source = connections[move.source], let target = connections[move.target] else {
            throw StepFailure("a host is not in the fleet file")
        }
        switch settlement {
        case .destroyPausedSource:
            try await source.actuator.destroyPausedCopy(of: move.domain)
        case .resumeSource:
            try await source.actuator.resume(move.domain)
        case .resumePostcopy:
            guard let request = self.request(of: id, to: target) else {
                throw StepFailure("step \(id) is not under way")
            }
            try await source.actuator.resumePostcopy(request)
        case .undefineSource: try await undefineSource(id, move, source)
        case .undefineTarget: try await target.actuator.undefine(move.domain)
        case .setAutostart:
            try await target.actuator.setAutostart(of: move.domain, to: true)
        case .setSourceAutostart:
            try await source.actuator.setAutostart(of: move.domain, to: true)
        case .startSource, .startTarget, .returnDefinition, .removeTargetImages,
            .removeSourceImages:
            try await settleImages(id, settlement, move, source)
        }
    }

    private func plan(_ goal: RunGoal, _ exclusions: [Exclusion]) async {
        do {
            send(.planned(try await replanner(goal, exclusions, machine.state), reason: nil))
        } catch {
            send(
                .planned(
                    nil, reason: OutsideText.reason("the rest could not be planned: \(error)")))
        }
    }

    // MARK: Watching

    /// Polls a running migration: for the bars, and to end it when it is over its time or stalls.
    private func monitor(_ id: StepID) async {
        let move = self.move(id)
        guard let inspector = connections[move.source]?.inspector else { return }
        if let control = controls[id] { return await monitorCold(id, control) }
        var watch = MigrationWatch(
            startedAt: clock.steady(), options: machine.state.plan.options)
        while !Task.isCancelled {
            do { try await clock.sleep(clock.pollMilliseconds) } catch { return }
            renewLeasesIfDue()
            let progress = try? await inspector.migrationProgress(of: move.domain)
            if Task.isCancelled { return }
            if let progress { await observer.observe(.progress(id, progress)) }
            switch watch.look(progress, at: clock.steady()) {
            case .fine: break
            case .adjust(let adjustment, let reason):
                send(.adjust(id, adjustment, reason: reason))
            case .nonConverging(let reason): send(.nonConverging(id, reason: reason))
            case .overdue(let reason): send(.overdue(id, reason: reason))
            case .stuck(let reason): send(.stuck(id, reason: reason))
            }
        }
    }

    func move(_ id: StepID) -> Move {
        guard let step = machine.state.step(id)?.step else {
            preconditionFailure("run \(run) has no step \(id)")
        }
        return step.move
    }
}

extension StepFailure {
    /// What the machine decides by; everything else is words.
    init(_ error: any Error) {
        if let failure = error as? StepFailure {
            self = failure
            return
        }
        let kind: Kind =
            switch (error as? HypervisorError)?.kind {
            case .peerUnreachable: .peerUnreachable
            case .unreachable, .timeout: .unanswered
            case .noDomain, .unsafe, .aborted, .incompatible, .unsupported, .denied, .failed, nil:
                .other
            }
        self.init("\(error)", kind: kind)
    }
}
