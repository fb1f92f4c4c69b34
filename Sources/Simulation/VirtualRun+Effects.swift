import ClusterModel
import Execution
import HypervisorInterface

/// Carrying out directives in the simulated world.
extension VirtualRun {
    mutating func feed(_ event: RunEvent) throws(LifeEnd) {
        if case .looked(let id, let purpose, let source, let target) = event {
            seen[id] = Evidence(purpose: purpose, source: source, target: target)
            if purpose == .verify {
                rowsMet.insert(RecoveryTable.decide(source: source, target: target).row.label)
            }
        }
        if isTold, let line = narrator.line(event, of: machine.state) { tell(line) }
        for directive in machine.handle(event, at: ourTime) {
            try carryOut(directive)
            try tick()
        }
    }

    private mutating func carryOut(_ directive: Directive) throws(LifeEnd) {
        switch directive {
        case .record(let event):
            try write(event)
        case .look(let id, let purpose, let pause):
            appoint(
                .look(id, purpose, source: nil), after: pause + random.number(in: 1...30))
        case .lookAtHosts(let hosts, let pause):
            appoint(.lookAtHosts(hosts), after: pause)
        case .survey(let id):
            // Simulated hosts have no images.
            let preparation = StepPreparation(wasRunning: true)
            appoint(
                .tell(.surveyed(id, preparation, reason: nil)), after: random.number(in: 1...30))
        case .migrate(let id):
            demandIntent(of: id)
            appoint(.start(id), after: random.number(in: 0...20))
        case .settle(let id, let settlement):
            demandSettling(settlement, of: id)
            appoint(.settle(id, settlement), after: random.number(in: 1...30))
        case .adjust(let id, let adjustment):
            demandAdjusting(adjustment, of: id)
            try adjust(id, adjustment)
        case .abort(let id):
            abort(id)
        case .plan(let goal, let exclusions):
            // The hosts are looked at now, and the plan comes when it is made.
            let answer = replanner(goal, exclusions, machine.state, world)
            appoint(
                .answer(answer.plan, reason: answer.reason), after: random.number(in: 1...3000))
        case .finish(let outcome):
            throw .ended(outcome)
        }
    }

    /// Does what is due.
    mutating func keep(_ appointment: Appointment) throws(LifeEnd) {
        switch appointment.task {
        case .start(let id):
            if let error = start(id) {
                try tick()
                if isClosed(id) { try feed(.closed(id)) }
                try feed(.migrationEnded(id, nil, error: error))
            } else {
                try tick()
            }
        case .look(let id, let purpose, nil):
            // The source first: a source that is idle cannot make the target change any more, so
            // what the target shows later is final. The other way round would prove nothing.
            let source = sighting(of: move(id).domain, on: move(id).source)
            let delay = random.number(in: random.chance(10) ? 1...3000 : 1...30)
            appoint(.look(id, purpose, source: source), after: delay)
        case .look(let id, let purpose, let source?):
            var target = sighting(of: move(id).domain, on: move(id).target)
            if shortcut == .asksOnlyTheSource, purpose == .verify {
                let isThere = source.presence == .running || source.presence == .paused
                target = DomainSighting(isThere ? .absent : .running, isPersistent: true)
            }
            try feed(.looked(id, purpose, source: source, target: target))
        case .settle(let id, let settlement):
            var error = settle(id, settlement)
            // Done, but we do not hear of it.
            if random.chance(5) { error = error ?? "client socket is closed" }
            try tick()
            try feed(.settled(id, settlement, error: error))
        case .answer(let plan, let reason):
            try feed(.planned(plan, reason: reason))
        case .tell(let event):
            try feed(event)
        case .lookAtHosts(let hosts):
            try feed(.hostsLooked(hosts.map { lookAtHost($0) }))
        case .setClock(let step):
            clockOffset += step
            tell("the clock is set by \(Narrator.seconds(step))")
        case .watch(let id, let number):
            try watch(id, number)
        }
    }

    /// Less often than the executor polls: nothing here moves between two changes of the world.
    private mutating func watch(_ id: StepID, _ number: Int) throws(LifeEnd) {
        guard calls[id] == number, var watch = watches[id] else { return }
        let move = move(id)
        let progress = try? world.progress(of: move.domain, on: move.source)
        let verdict = watch.look(progress, at: world.now)
        watches[id] = watch
        appoint(.watch(id, number), after: Self.watchMilliseconds)
        switch verdict {
        case .fine: break
        case .adjust(let adjustment, let reason):
            try feed(.adjust(id, adjustment, reason: reason))
        case .hopeless(let reason): try feed(.hopeless(id, reason: reason))
        case .overdue(let reason): try feed(.overdue(id, reason: reason))
        case .stuck(let reason):
            calls[id] = nil
            world.abandon(number)
            try feed(.stuck(id, reason: reason))
        }
    }

    static let watchMilliseconds: Int64 = 5000

    /// Calls that return: the migration is over, the connection broke, or its time is up.
    mutating func collectReplies() throws(LifeEnd) {
        for (id, number) in calls.sorted(by: { $0.key < $1.key }) {
            let move = move(id)
            if let ending = world.ending(of: number) {
                calls[id] = nil
                try tick()
                try feed(
                    .migrationEnded(
                        id, ending.statistics, error: ending.failure.map(\.message)))
            } else if let host = lostConnection(of: number, move) {
                calls[id] = nil
                world.abandon(number)
                try feed(
                    .migrationEnded(id, nil, error: "\(host): client socket is closed"))
            }
        }
    }

    /// The end of a call that we lost: a managed one needs both.
    private func lostConnection(of number: Int, _ move: Move) -> HostName? {
        let isManaged = world.migrations.contains { $0.id == number && $0.isManaged }
        let ends = isManaged ? [move.source, move.target] : [move.source]
        return ends.first { world.host($0)?.isUnreachable(at: world.now) != false }
    }

    private func sighting(of domain: DomainID, on host: HostName) -> DomainSighting {
        do throws(HypervisorError) {
            return try world.sighting(of: domain, on: host)
        } catch {
            return DomainSighting(.unknown, detail: error.message)
        }
    }

    /// A person has put its target in maintenance. The host that is drained was so before.
    func isClosed(_ id: StepID) -> Bool {
        guard let move = machine.state.step(id)?.step.move else { return false }
        return world.closed.contains(move.target)
    }

    /// As the executor asks: domains with a process, in whatever state.
    private func lookAtHost(_ host: HostName) -> HostSighting {
        do throws(HypervisorError) {
            return HostSighting(host, guests: try world.guests(on: host))
        } catch {
            return HostSighting(host, guests: nil, detail: error.message)
        }
    }

    /// Why it was refused; nil when it is under way.
    mutating func start(_ id: StepID) -> String? {
        guard let request = request(of: id) else {
            preconditionFailure("step \(id) is to migrate and has no intent")
        }
        let move = move(id)
        hasActed = true
        let ranTwice = runsTwice(move)
        if shortcut != .ignoresMaintenance, isClosed(id) {
            return "it was not started: \(move.target) is in maintenance"
        }
        do throws(HypervisorError) {
            let number = try world.migrate(request, from: move.source)
            demandUntouched(move, by: "migrate it", whenItRanTwice: ranTwice)
            demandOpen(move)
            calls[id] = number
            ours.insert(number)
            watches[id] = MigrationWatch(
                startedAt: world.now, options: request.options)
            appoint(.watch(id, number), after: Self.watchMilliseconds)
            examine()
            return nil
        } catch {
            if error.kind == .peerUnreachable, machine.state.plan.options.route == .automatic {
                managedPairs.insert([move.source, move.target])
            }
            if error.message.contains("Cannot allocate memory"),
                world.host(move.target)?.isTouchedByOthers == false
            {
                violations.append("capacity: \(error)")
            }
            return error.message
        }
    }

    /// As the executor makes it; nil for a step that is not under way.
    private func request(of id: StepID) -> MigrationRequest? {
        guard let open = machine.state.step(id), case .running(_, let persistent, _) = open.status
        else { return nil }
        let move = open.step.move
        var options = machine.state.plan.options
        let isManaged =
            options.route == .managed || managedPairs.contains([move.source, move.target])
        options.route = isManaged ? .managed : .peerToPeer
        return MigrationRequest(
            domain: move.domain, target: move.target, targetURI: "",
            migrateURI: "tcp://\(move.target)",
            isPersistent: persistent, mode: open.step.mode, options: options)
    }

    /// As the executor does: without the policy's last word nothing would end it.
    private mutating func adjust(
        _ id: StepID, _ adjustment: MigrationAdjustment
    ) throws(LifeEnd) {
        let move = move(id)
        hasActed = true
        do throws(HypervisorError) {
            try world.adjustMigration(of: move.domain, adjustment, on: move.source)
            examine()
        } catch {
            tell("that is refused: \(error.message)")
            switch adjustment {
            case .allowDowntime, .allowBandwidth: break
            case .startPostcopy, .suspendGuest:
                let reason = "does not converge, and \(adjustment): \(error.message)"
                try feed(.hopeless(id, reason: reason))
            }
        }
    }

    private mutating func abort(_ id: StepID) {
        let move = move(id)
        hasActed = true
        defer { examine() }
        guard !random.chance(10) else { return tell("the abort of step \(id) is lost") }
        do throws(HypervisorError) {
            let name = narrator.name(move.domain)
            tell("kvmbalance aborts the migration of \(name)")
            try world.abortMigration(of: move.domain, on: move.source)
        } catch {
            tell("that is refused: \(error.message)")
        }
    }

    /// Why it failed; nil when it is done.
    mutating func settle(_ id: StepID, _ settlement: Settlement) -> String? {
        let move = move(id)
        hasActed = true
        let ranTwice = runsTwice(move)
        defer { examine() }
        do throws(HypervisorError) {
            switch settlement {
            case .destroyPausedSource:
                try world.destroyPausedCopy(of: move.domain, on: move.source)
            case .resumeSource:
                if shortcut != .resumesWithoutLookingElsewhere, let doubt = doubt(about: move) {
                    return doubt
                }
                try world.resume(move.domain, on: move.source)
            case .resumePostcopy:
                guard let request = request(of: id) else { return "step \(id) is not under way" }
                try world.resumePostcopy(request, from: move.source)
            case .undefineSource:
                try world.undefine(move.domain, on: move.source)
            case .undefineTarget:
                try world.undefine(move.domain, on: move.target)
            case .setAutostart:
                try world.setAutostart(of: move.domain, to: true, on: move.target)
            case .startSource, .startTarget, .returnDefinition, .removeTargetImages,
                .removeSourceImages:
                return "\(settlement.rawValue) is not simulated"
            }
            demandUntouched(move, by: settlement.rawValue, whenItRanTwice: ranTwice)
            return nil
        } catch {
            return error.description
        }
    }

    /// Both ends were looked at; somebody may have taken the guest on from the target to a third
    /// host. To resume the source then would start it twice.
    private func doubt(about move: Move) -> String? {
        for host in world.hosts where host.name != move.source && host.name != move.target {
            let seen = sighting(of: move.domain, on: host.name)
            if seen.presence != .absent { return "\(host.name) shows it \(seen.presence)" }
        }
        return nil
    }
}
