import ClusterModel
import Execution
import Simulation

/// A run machine that does what the real one does, but for one thing.
struct Mutant: RunDeciding {
    enum Bug: String, CaseIterable {
        // What it writes down, and when.
        case migratesWithoutIntent, migratesBeforeIntent, settlesUnrecorded, endsWithoutReason
        // What it takes the hosts to show.
        case destroysWhatStayed, destroysOnTimeout, resumesWhatIsPaused, believesTheReply
        case takesUnknownForAbsent, undefinesTheLast, takesSplitBrainForArrival
        case trustsThePlan, ignoresASecondActor, forgetsAutostart, takesBrokenPostcopyForPaused
        case asksOnlyTheSource, ignoresOtherHosts, takesEveryMigrationForOurs
        // What it says of the hosts and the guests in the end.
        case takesHostsForEmpty, takesGuestsForWell
        // What it waits for.
        case ignoresLimits, ignoresTheOrder, neverEnds, endsWithOpenSteps
    }

    var machine: RunMachine
    let bug: Bug

    /// Limits and order are in the plan: such a mutant reads another.
    init(_ bug: Bug, _ state: RunState, _ recovering: Bool) {
        self.bug = bug
        var plan = state.plan
        switch bug {
        case .ignoresLimits: plan.limits = MigrationLimits(perHost: 50, fleet: 50)
        case .ignoresTheOrder: for index in plan.steps.indices { plan.steps[index].after = [] }
        default:
            machine = RunMachine(state: state, recovering: recovering)
            return
        }
        var other = RunState(plan: plan)
        other.apply(.taken(process: 1, goal: state.goal), at: Timestamp(seconds: 0))
        other.apply(.planned(plan, goal: state.goal), at: Timestamp(seconds: 0))
        machine = RunMachine(state: other, recovering: recovering)
    }

    var state: RunState { machine.state }

    func route(from source: HostName, to target: HostName) -> MigrationOptions.Route {
        machine.route(from: source, to: target)
    }

    mutating func handle(_ event: RunEvent, at time: Timestamp) -> [Directive] {
        let directives = machine.handle(changed(event), at: time).flatMap { changed($0) }
        if bug == .endsWithOpenSteps, case .stop(let reason) = event {
            return directives + [.finish(RunOutcome(.failed, reason: reason))]
        }
        return bug == .migratesBeforeIntent ? directives.withLateIntents : directives
    }

    /// What it sees wrongly.
    private func changed(_ event: RunEvent) -> RunEvent {
        if bug == .takesHostsForEmpty, case .hostsLooked(let sightings) = event {
            return .hostsLooked(sightings.map { HostSighting($0.host, guests: []) })
        }
        if bug == .takesGuestsForWell, case .guestsLooked(let sightings, _) = event {
            return .guestsLooked(
                sightings.mapValues { _ in DomainSighting(.running, isPersistent: true) })
        }
        if bug == .ignoresOtherHosts, case .lookedElsewhere(let id, _) = event {
            return .lookedElsewhere(id, [:])
        }
        guard case .looked(let id, let purpose, var source, var target) = event else {
            return event
        }
        change(&source, &target, isVerifying: purpose == .verify)
        return .looked(id, purpose, source: source, target: target)
    }

    private func change(
        _ source: inout DomainSighting, _ target: inout DomainSighting, isVerifying: Bool
    ) {
        let (left, arrived) = (source.presence, target.presence)
        switch bug {
        case .destroysWhatStayed where isVerifying && left == .pausedByMigration:
            target = DomainSighting(.running, isPersistent: true)
            source.jobActive = false
        case .asksOnlyTheSource where isVerifying:
            // What the target must show is inferred.
            let isThere = left == .running || left == .paused
            target = DomainSighting(isThere ? .absent : .running, isPersistent: true)
        case .destroysOnTimeout
        where isVerifying && left == .pausedByMigration && arrived == .unknown:
            target = DomainSighting(.running, isPersistent: true)
        case .resumesWhatIsPaused where isVerifying && left == .pausedByMigration:
            source.isPersistent = true
            target = DomainSighting(.absent)
        case .believesTheReply where isVerifying:
            source = DomainSighting(.absent)
            target = DomainSighting(.running)
        case .takesUnknownForAbsent:
            if left == .unknown { source = DomainSighting(.absent) }
            if arrived == .unknown { target = DomainSighting(.absent) }
        case .undefinesTheLast where isVerifying && left == .inactive:
            target = DomainSighting(.running, isPersistent: true)
        case .takesSplitBrainForArrival where left == .running && arrived == .running:
            source = DomainSighting(.absent)
        case .trustsThePlan where !isVerifying:
            source.presence = .running
            source.jobActive = false
            target = DomainSighting(.absent)
        case .takesEveryMigrationForOurs
        where isVerifying && arrived == .absent && source.jobActive:
            target = DomainSighting(.pausedByMigration, jobActive: true)
        case .ignoresASecondActor:
            source.jobActive = false
            target.jobActive = false
        case .forgetsAutostart:
            target.autostart = true
        case .takesBrokenPostcopyForPaused where left == .postcopyFailed:
            source.presence = .pausedByMigration
            target.presence = .running
        default:
            break
        }
    }

    /// What it does wrongly.
    private func changed(_ directive: Directive) -> [Directive] {
        switch (bug, directive) {
        case (.migratesWithoutIntent, .record(.intent)), (.neverEnds, .finish),
            (.settlesUnrecorded, .record(.settling)):
            []
        case (.endsWithoutReason, .finish(let outcome)):
            [.finish(RunOutcome(outcome.state))]
        default:
            [directive]
        }
    }
}

extension [Directive] {
    /// With each intent after the migration that it should precede.
    fileprivate var withLateIntents: [Directive] {
        var result = self
        for index in result.indices.dropLast() {
            if case .record(.intent) = result[index] { result.swapAt(index, index + 1) }
        }
        return result
    }
}
