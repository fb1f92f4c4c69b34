import ClusterModel
import Execution
import HypervisorInterface

/// Carrying out directives in the simulated world.
extension VirtualRun {
    mutating func feed(_ event: RunEvent) throws(LifeEnd) {
        tell("event: \(event)")
        for directive in machine.handle(event, at: world.now) {
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
        case .migrate(let id):
            demandIntent(of: id)
            appoint(.start(id), after: random.number(in: 0...20))
        case .settle(let id, let settlement):
            demandSettling(settlement, of: id)
            appoint(.settle(id, settlement), after: random.number(in: 1...30))
        case .abort(let id):
            abort(id)
        case .plan(let goal, let exclusions):
            appoint(.plan(goal, exclusions), after: random.number(in: 1...500))
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
                try feed(.migrationEnded(id, nil, error: error))
            } else {
                try tick()
            }
        case .look(let id, let purpose, nil):
            // The source first: a source that is idle can not make the target change any more, so
            // what the target shows later is final. The other way round would prove nothing.
            let source = sighting(of: move(id).domain, on: move(id).source)
            let delay = random.number(in: random.chance(10) ? 1...3000 : 1...30)
            appoint(.look(id, purpose, source: source), after: delay)
        case .look(let id, let purpose, let source?):
            let target = sighting(of: move(id).domain, on: move(id).target)
            try feed(.looked(id, purpose, source: source, target: target))
        case .settle(let id, let settlement):
            var error = settle(id, settlement)
            // Done, but we do not hear of it.
            if random.chance(5) { error = error ?? "client socket is closed" }
            try tick()
            try feed(.settled(id, settlement, error: error))
        case .plan(let goal, let exclusions):
            let answer = replanner(goal, exclusions, machine.state, world)
            try feed(.planned(answer.plan, reason: answer.reason))
        case .tell(let event):
            try feed(event)
        case .watch(let id, let number):
            guard calls[id] == number else { return }
            appoint(.watch(id, number), after: 5000)
            try feed(.overdue(id, reason: "took too long"))
        }
    }

    /// Calls that return: the migration is over, the connection broke, or its time is up.
    mutating func collectReplies() throws(LifeEnd) {
        for (id, number) in calls.sorted(by: { $0.key < $1.key }) {
            let source = move(id).source
            if let ending = world.ending(of: number) {
                calls[id] = nil
                try tick()
                try feed(
                    .migrationEnded(
                        id, ending.statistics, error: ending.failure.map(\.message)))
            } else if world.host(source)?.isSilent(at: world.now) != false {
                calls[id] = nil
                try feed(
                    .migrationEnded(id, nil, error: "\(source): client socket is closed"))
            }
        }
    }

    private func sighting(of domain: DomainID, on host: HostName) -> DomainSighting {
        do throws(HypervisorError) {
            return try world.sighting(of: domain, on: host)
        } catch {
            return DomainSighting(.unknown, detail: error.message)
        }
    }

    /// Why it was refused; nil when it is under way.
    private mutating func start(_ id: StepID) -> String? {
        guard let open = machine.state.step(id), case .running(_, let persistent, _) = open.status
        else { preconditionFailure("step \(id) is to migrate and has no intent") }
        let move = open.step.move
        touch(move, "migrate it")
        let options = machine.state.plan.options
        let request = MigrationRequest(
            domain: move.domain, target: move.target, targetURI: "", migrateURI: "",
            isPersistent: persistent, mode: open.step.mode, options: options)
        do throws(HypervisorError) {
            let number = try world.migrate(request, from: move.source)
            calls[id] = number
            ours.insert(number)
            // Time is up for a migration that does not converge.
            let limit = Int64(options.timeoutSeconds ?? 1800) * 1000
            appoint(.watch(id, number), after: limit)
            examine()
            return nil
        } catch {
            if error.message.contains("Cannot allocate memory"),
                world.host(move.target)?.isTouchedByOthers == false
            {
                violations.append("capacity: \(error)")
            }
            return error.message
        }
    }

    private mutating func abort(_ id: StepID) {
        let move = move(id)
        defer { examine() }
        guard !random.chance(10) else { return tell("the abort of step \(id) is lost") }
        do throws(HypervisorError) {
            try world.abortMigration(of: move.domain, on: move.source)
        } catch {
            tell("abort of step \(id): \(error)")
        }
    }

    /// Why it failed; nil when it is done.
    mutating func settle(_ id: StepID, _ settlement: Settlement) -> String? {
        let move = move(id)
        touch(move, settlement.rawValue)
        defer { examine() }
        do throws(HypervisorError) {
            switch settlement {
            case .destroyPausedSource:
                try world.destroyPausedCopy(of: move.domain, on: move.source)
            case .resumeSource:
                if let doubt = doubt(about: move) { return doubt }
                try world.resume(move.domain, on: move.source)
            case .undefineSource:
                try world.undefine(move.domain, on: move.source)
            case .setAutostart:
                try world.setAutostart(of: move.domain, to: true, on: move.target)
            }
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

    func move(_ id: StepID) -> Move {
        guard let step = machine.state.step(id)?.step else {
            preconditionFailure("the run has no step \(id)")
        }
        return step.move
    }
}
