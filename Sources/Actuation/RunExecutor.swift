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
    var machine: RunMachine
    private let journal: any RunJournal
    let doors: [HostName: HostDoor]
    private let replanner: Replanner
    let closure: Closure
    let clock: WorldClock
    let observer: any RunObserver

    private let events: AsyncStream<RunEvent>
    let inbox: AsyncStream<RunEvent>.Continuation
    private var effects: [Task<Void, Never>] = []
    private var monitors: [StepID: Task<Void, Never>] = [:]
    /// Running cold moves: there is no libvirt job that shows them.
    var controls: [StepID: MoveControl] = [:]
    /// Pairs whose daemons cannot reach each other: their next attempt is managed from here.
    private var managedPairs: Set<HostPair> = []
    /// Hosts that did not answer when they were asked last.
    private var unheard: Set<HostName> = []
    /// Steps whose guest is watched, as was reported once.
    var watched: Set<StepID> = []

    struct HostPair: Hashable {
        var source: HostName
        var target: HostName
    }

    package init(
        run: RunID, machine: RunMachine, journal: any RunJournal, doors: [HostName: HostDoor],
        clock: WorldClock, observer: any RunObserver, closure: @escaping Closure,
        replanner: @escaping Replanner
    ) {
        self.run = run
        self.machine = machine
        state = machine.state
        self.journal = journal
        self.doors = doors
        self.clock = clock
        self.observer = observer
        self.closure = closure
        self.replanner = replanner
        (events, inbox) = AsyncStream.makeStream()
    }

    /// Tells the run something from outside: a person's wish to stop or to abort it.
    package nonisolated func send(_ event: RunEvent) { inbox.yield(event) }

    /// What the journal has taken: a record that could not be written is not told as done.
    package private(set) var state: RunState

    /// Runs to the end. Returns only when no effect is under way any more.
    package func execute() async -> RunOutcome {
        send(.begin)
        for await event in events {
            if case .migrationEnded(let id, _, _) = event {
                monitors.removeValue(forKey: id)?.cancel()
            }
            let directives = machine.handle(event, at: clock.now())
            do {
                if let outcome = try await carryOut(directives) {
                    return outcome
                }
            } catch {
                return await journalBroke(error)
            }
        }
        preconditionFailure("the run's inbox was closed before the run ended")
    }

    /// A run that cannot be written down must not go on: what runs is left to libvirt.
    private func journalBroke(_ error: any Error) async -> RunOutcome {
        for monitor in monitors.values { monitor.cancel() }
        for effect in effects { await effect.value }
        return RunOutcome(
            .halted,
            reason: "the journal cannot be written, so nothing more was started: \(error). "
                + "Fix that, then: kvmbalance runs resume \(run)")
    }

    private func carryOut(_ directives: [Directive]) async throws -> RunOutcome? {
        for directive in directives {
            switch directive {
            case .record(let event):
                let now = clock.now()
                try await journal.append(event, to: run, at: now)
                state.apply(event, at: now)
                await observer.observe(.recorded(event))
            case .look(let id, let purpose, let pause):
                start { await $0.look(id, purpose, afterMilliseconds: pause) }
            case .lookAtHosts(let hosts, let pause):
                start { await $0.lookAtHosts(hosts, afterMilliseconds: pause) }
            case .survey(let id):
                start { await $0.survey(id) }
            case .migrate(let id):
                if machine.state.step(id)?.step.mode == .offline {
                    controls[id] = newControl(of: id)
                }
                start { await $0.migrate(id) }
                monitors[id] = Task { await self.monitor(id) }
            case .settle(let id, let settlement):
                start { await $0.settle(id, settlement) }
            case .adjust(let id, let adjustment):
                start { await $0.adjust(id, adjustment) }
            case .abort(let id):
                start { await $0.abort(id) }
            case .plan(let goal, let exclusions):
                start { await $0.plan(goal, exclusions) }
            case .finish(let outcome):
                return outcome
            }
        }
        return nil
    }

    private func start(_ effect: @escaping @Sendable (RunExecutor) async -> Void) {
        effects.append(Task { await effect(self) })
    }

    // MARK: Effects

    private func look(
        _ id: StepID, _ purpose: LookPurpose, afterMilliseconds pause: Int64
    ) async {
        if pause > 0 { try? await clock.sleep(pause) }
        let move = self.move(id)
        if purpose == .watch, pause == 0 { await tellOfWatch(id) }
        // The source first: what has left it is seen on the target afterwards. The other way round a
        // domain that arrives between the two looks would seem to be nowhere.
        let source = await sighting(of: move.domain, on: move.source)
        let target = await sighting(of: move.domain, on: move.target)
        await note(source, of: move.source)
        await note(target, of: move.target)
        send(.looked(id, purpose, source: source, target: target))
    }

    /// Waiting for a host that does not answer may take minutes: said when it begins and when it ends.
    private func note(_ sighting: DomainSighting, of host: HostName) async {
        if sighting.presence != .unknown {
            guard unheard.remove(host) != nil else { return }
            await observer.observe(.note("\(host) answers again"))
        } else if unheard.insert(host).inserted {
            await observer.observe(
                .note("\(host) does not respond, retrying: \(sighting.detail)"))
        }
    }

    private func sighting(of domain: DomainID, on host: HostName) async -> DomainSighting {
        guard let door = doors[host] else {
            return DomainSighting(.unknown, detail: "\(host) is not in the fleet file")
        }
        do {
            return try await door.inspector.sighting(of: domain)
        } catch {
            return DomainSighting(.unknown, detail: "\(error)")
        }
    }

    private func migrate(_ id: StepID) async {
        guard let open = machine.state.step(id), let source = doors[open.step.move.source],
            let target = doors[open.step.move.target], let request = request(of: id, to: target)
        else { return send(.migrationEnded(id, nil, error: "a host is not in the fleet file")) }
        let move = open.step.move
        let pair = HostPair(source: move.source, target: move.target)
        if let refusal = await refusal(of: move) {
            send(.closed(id))
            return send(.migrationEnded(id, nil, error: refusal))
        }
        if let lack = await lack(of: open.step, source, target) {
            // Nothing was begun, and the look that follows will find so.
            return send(.migrationEnded(id, nil, error: lack))
        }
        do {
            let statistics =
                switch open.step.mode {
                case .live: try await source.actuator.migrate(request)
                case .storage: try await copyLive(open, request, source, target)
                case .offline: try await moveCold(open, request, source, target)
                }
            send(.migrationEnded(id, statistics, error: nil))
        } catch {
            await noteRoute(after: error, pair)
            send(.migrationEnded(id, nil, error: "\(error)"))
        }
    }

    /// `step` tells the way; from its source to `target`, which may be where it came from.
    func request(_ step: Step, to target: HostDoor, isPersistent: Bool) -> MigrationRequest {
        let pair = HostPair(source: step.move.source, target: step.move.target)
        var options = machine.state.plan.options
        let isManaged = options.route == .managed || managedPairs.contains(pair)
        options.route = isManaged ? .managed : .peerToPeer
        var request = MigrationRequest(
            domain: step.move.domain, target: step.move.target,
            targetURI: isManaged ? target.controllerURI : target.peerURI,
            migrateURI: target.migrateURI, isPersistent: isPersistent, mode: step.mode,
            options: options)
        request.copies = step.copies
        request.interfaces = step.interfaces
        let own = doors[step.move.source]?.addresses ?? []
        for (here, there) in zip(own, target.addresses) where here != there {
            request.addresses[here] = there
        }
        return request
    }

    /// As it was begun; nil when it was not.
    private func request(of id: StepID, to target: HostDoor) -> MigrationRequest? {
        guard let open = machine.state.step(id), case .running(_, let persistent, _) = open.status
        else { return nil }
        return request(open.step, to: target, isPersistent: persistent)
    }

    /// Peer-to-peer is the default because it survives us; where the hosts cannot reach each other
    /// the next attempt is driven from here, if the options leave the route open.
    private func noteRoute(after error: any Error, _ pair: HostPair) async {
        guard let error = error as? HypervisorError, error.kind == .peerUnreachable,
            machine.state.plan.options.route == .automatic,
            !machine.state.plan.options.tunnelled
        else { return }
        managedPairs.insert(pair)
        await observer.observe(
            .note(
                "\(pair.source) cannot reach the libvirtd of \(pair.target): the next attempt is "
                    + "driven from here (managed)"))
    }

    private func settle(_ id: StepID, _ settlement: Settlement) async {
        let move = self.move(id)
        do {
            guard let source = doors[move.source], let target = doors[move.target] else {
                return send(.settled(id, settlement, error: "a host is not in the fleet file"))
            }
            switch settlement {
            case .destroyPausedSource:
                try await source.actuator.destroyPausedCopy(of: move.domain)
            case .resumeSource:
                if let doubt = await elsewhere(move) {
                    return send(.settled(id, settlement, error: doubt))
                }
                try await source.actuator.resume(move.domain)
            case .resumePostcopy:
                guard let request = self.request(of: id, to: target) else {
                    return send(.settled(id, settlement, error: "step \(id) is not under way"))
                }
                try await source.actuator.resumePostcopy(request)
            case .undefineSource: try await source.actuator.undefine(move.domain)
            case .undefineTarget: try await target.actuator.undefine(move.domain)
            case .setAutostart:
                try await target.actuator.setAutostart(of: move.domain, to: true)
            case .startSource, .startTarget, .returnDefinition, .removeTargetImages,
                .removeSourceImages:
                if let doubt = try await settleImages(id, settlement, move, source, target) {
                    return send(.settled(id, settlement, error: doubt))
                }
            }
            send(.settled(id, settlement, error: nil))
        } catch {
            if settlement == .resumePostcopy {
                await noteRoute(after: error, HostPair(source: move.source, target: move.target))
            }
            send(.settled(id, settlement, error: "\(error)"))
        }
    }

    /// Why a copy on the source must not be woken: the domain may have gone on from the target to a
    /// third host. nil when every other host was asked and none knows it.
    func elsewhere(_ move: Move) async -> String? {
        for host in doors.keys.sorted() where host != move.source && host != move.target {
            let sighting = await sighting(of: move.domain, on: host)
            switch sighting.presence {
            case .absent: continue
            // A definition alone may be where the guest ran last, and newer than the copy.
            case .inactive, .running, .paused, .pausedByMigration, .postcopyFailed, .unknown:
                return "it cannot be resumed where it is: on \(host) the domain is "
                    + "\(sighting.presence.rawValue) \(sighting.detail)"
            }
        }
        return nil
    }

    /// What cannot be changed goes on as it was; but without the policy's last word nothing would
    /// ever end it.
    private func adjust(_ id: StepID, _ adjustment: MigrationAdjustment) async {
        let move = self.move(id)
        do {
            try await doors[move.source]?.actuator.adjustMigration(of: move.domain, adjustment)
        } catch {
            guard machine.migratingSteps.contains(id) else { return }
            await observer.observe(.note("step \(id): \(adjustment): \(error)"))
            switch adjustment {
            case .allowDowntime, .allowBandwidth: break
            case .startPostcopy, .suspendGuest:
                send(.hopeless(id, reason: "does not converge, and \(adjustment): \(error)"))
            }
        }
    }

    /// An abort is refused while the job does not exist yet: it is repeated for as long as the
    /// migration goes on.
    private func abort(_ id: StepID) async {
        if let control = controls[id], control.isCancelled == false { control.cancel() }
        let move = self.move(id)
        for attempt in 1... {
            do {
                try await doors[move.source]?.actuator.abortMigration(of: move.domain)
                return
            } catch {
                guard machine.migratingSteps.contains(id), attempt < 20 else {
                    await observer.observe(.note("abort of step \(id): \(error)"))
                    return
                }
                try? await clock.sleep(MigrationWatch.pollMilliseconds)
            }
        }
    }

    private func plan(_ goal: RunGoal, _ exclusions: [Exclusion]) async {
        do {
            send(.planned(try await replanner(goal, exclusions, machine.state), reason: nil))
        } catch {
            send(.planned(nil, reason: "the rest could not be planned: \(error)"))
        }
    }

    // MARK: Watching

    /// Polls a running migration: for the bars, and to end it when it is over its time or stalls.
    private func monitor(_ id: StepID) async {
        let move = self.move(id)
        guard let inspector = doors[move.source]?.inspector else { return }
        if let control = controls[id] { return await monitorCold(id, control) }
        var watch = MigrationWatch(
            startedAt: clock.steady(), options: machine.state.plan.options)
        while !Task.isCancelled {
            do { try await clock.sleep(MigrationWatch.pollMilliseconds) } catch { return }
            let progress = try? await inspector.migrationProgress(of: move.domain)
            if Task.isCancelled { return }
            if let progress { await observer.observe(.progress(id, progress)) }
            switch watch.look(progress, at: clock.steady()) {
            case .fine: break
            case .adjust(let adjustment, let reason):
                send(.adjust(id, adjustment, reason: reason))
            case .hopeless(let reason): send(.hopeless(id, reason: reason))
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
