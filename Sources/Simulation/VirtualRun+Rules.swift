import ClusterModel
import Execution
import Foundation

/// The rules that are about us: what we may do when, whatever the world is like.
extension VirtualRun {
    /// Looks at world and run after an event.
    mutating func examine() {
        var found = judge.faults(in: world)
        found += world.violations
        let jobs = world.migrations.filter { ours.contains($0.id) }
        if jobs.count > limits.fleet { found.append("\(jobs.count) migrations at once") }
        for host in world.hosts {
            let own = jobs.count { $0.source == host.name || $0.target == host.name }
            if own > limits.perHost { found.append("\(own) migrations at once on \(host.name)") }
        }
        report(found)
    }

    /// An intent precedes its migration in the journal.
    mutating func demandIntent(of id: StepID) {
        guard case .intent = lastRecord(of: id) else {
            return report(["step \(id) migrates without an intent"])
        }
    }

    /// A repair is written down before it is done.
    mutating func demandSettling(_ settlement: Settlement, of id: StepID) {
        guard lastRecord(of: id) == .settling(id, settlement) else {
            return report(["step \(id) does \(settlement.rawValue) without a record"])
        }
    }

    /// So is a change of a running migration: after post-copy has begun there is no way back.
    mutating func demandAdjusting(_ adjustment: MigrationAdjustment, of id: StepID) {
        guard case .adjusting(id, adjustment, _) = lastRecord(of: id) else {
            return report(["step \(id) is changed (\(adjustment)) without a record"])
        }
    }

    /// What both hosts showed last must allow what the journal says now: this is the recovery table
    /// again, in other words and by another hand, for what does harm when it is wrong.
    mutating func demandProof(of event: JournalEvent) {
        guard let id = event.step else { return }
        let look = seen[id]
        let (source, target) = (look?.source.presence, look?.target.presence)
        let isAllowed =
            switch event {
            case .intent:
                look?.purpose == .preflight && target == .absent && isGuest(source)
                    && look?.source.jobActive == false
            case .arrived:
                source == .absent && (isGuest(target) || target == .inactive)
            case .attemptFailed:
                isGuest(source) && (target == .absent || target == .inactive)
            case .settling(_, .destroyPausedSource):
                source == .pausedByMigration && target == .running
            case .settling(_, .resumeSource):
                source == .pausedByMigration && target == .absent
            case .settling(_, .resumePostcopy):
                source == .postcopyFailed && target == .postcopyFailed
            case .settling(_, .undefineSource):
                source == .inactive && isGuest(target) && look?.target.isPersistent == true
            case .settling(_, .undefineTarget):
                isGuest(source) && look?.source.isPersistent == true && target == .inactive
            case .settling(_, .setAutostart):
                source == .absent && isGuest(target)
            case .skipped:
                source == .inactive && target == .absent
            case .settling(_, .startSource), .settling(_, .removeTargetImages):
                target == .absent
            case .settling(_, .startTarget), .settling(_, .returnDefinition):
                source == .absent && target == .inactive
            case .settling(_, .removeSourceImages):
                source == .absent && target == .running
            case .upAgain:
                isGuest(source) && target == .absent
            case .taken, .planned, .adjusting, .failed, .stopping, .ended, .preparing, .cleared,
                .made, .askedToShutDown:
                true
            }
        if !isAllowed { report(["\(event) is recorded, and nothing that was seen proves it"]) }
        if case .intent = event { seen[id] = nil }
    }

    private func isGuest(_ presence: DomainSighting.Presence?) -> Bool {
        presence?.isGuest == true
    }

    /// The journal alone tells all that the machine knows, and can be read again.
    mutating func examineJournal() {
        if state.steps != machine.state.steps || state.goal != machine.state.goal {
            report(["the machine knows what the journal does not"])
        }
        guard checksCoding else { return }
        for record in journal {
            do {
                let text = try JSONEncoder().encode(record)
                let back = try JSONDecoder().decode(JournalRecord.self, from: text)
                if back != record { report(["record \(record.sequence) comes back changed"]) }
            } catch {
                report(["record \(record.sequence) cannot be read again: \(error)"])
            }
        }
    }

    /// A domain that runs twice is not to be touched by us, whoever made it so. Between our look and
    /// our act a person may have started the second copy: then the host must have refused us. A third
    /// host is not looked at before a migration, so what another tool split to there cannot be
    /// seen.
    mutating func demandUntouched(_ move: Move, by what: String, whenItRanTwice ranTwice: Bool) {
        if ranTwice { report(["\(narrator.name(move.domain)) runs twice and kvmbalance \(what)"]) }
    }

    func runsTwice(_ move: Move) -> Bool {
        let runners = world.runners(of: move.domain)
        return runners.contains(move.source) && runners.contains(move.target)
    }

    /// The journal says what happened to the steps, as far as the world tells.
    mutating func examineEnd(_ outcome: RunOutcome) {
        examine()
        if outcome.state != .done && outcome.state != .rolledBack && outcome.reason == nil {
            report(["the run ended \(outcome.state.rawValue) without a reason"])
        }
        examineEmptied(outcome)
        if outcome.state != .halted, let open = state.openSteps.first {
            report(["the run ended \(outcome.state.rawValue) and step \(open.step.id) is open"])
        }
        for step in state.steps {
            guard case .done = step.status, outcome.state == .done,
                state.steps.last(where: { $0.step.move.domain == step.step.move.domain }) == step,
                world.fates(of: step.step.move.domain).isEmpty
            else { continue }
            let holders = world.holders(of: step.step.move.domain)
            if holders != [step.step.move.target] {
                report(["step \(step.step.id) is done and its domain is on \(holders)"])
            }
            examineAutostart(of: step)
        }
    }

    /// Who ends a drain well says that the host is empty, and somebody switches it off.
    private mutating func examineEmptied(_ outcome: RunOutcome) {
        guard outcome.state == .done, state.goal == .forward, state.kind == .drain else { return }
        for host in state.original.hosts.compactMap({ world.host($0) }) {
            if host.isUnreachable(at: world.now) {
                report(["the drain is done and \(host.name) did not respond"])
            }
            for copy in host.domains where copy.isActive {
                report(["the drain is done and \(copy.facts.name) is on \(host.name)"])
            }
        }
    }

    /// Nothing begins that goes to a host in maintenance.
    mutating func demandOpen(_ move: Move) {
        guard world.closed.contains(move.target) else { return }
        report(["\(narrator.name(move.domain)) goes to \(move.target), which is in maintenance"])
    }

    /// What started with its host does so where it is now, or the journal says why not.
    private mutating func examineAutostart(of step: RunState.StepState) {
        let domain = step.step.move.domain
        guard case .done(_, let note) = step.status,
            let copy = world.copy(of: domain, on: step.step.move.target),
            judge.startsWithHost.contains(domain), copy.facts.isPersistent,
            !copy.facts.autostart, note?.contains("autostart") != true
        else { return }
        report(["\(copy.facts.name) no longer starts with its host, and the run does not say so"])
    }

    private func lastRecord(of id: StepID) -> JournalEvent? {
        journal.last { $0.event.step == id }?.event
    }

    private mutating func report(_ found: [String]) {
        for fault in found where !violations.contains(fault) {
            tell("VIOLATION: \(fault)")
            violations.append(fault)
        }
    }
}

extension JournalEvent {
    /// The step it speaks of.
    fileprivate var step: StepID? {
        switch self {
        case .intent(let id, _, _, _), .attemptFailed(let id, _, _), .settling(let id, _),
            .arrived(let id, _, _), .skipped(let id, _), .failed(let id, _),
            .adjusting(let id, _, _), .preparing(let id, _), .cleared(let id),
            .made(let id, _), .askedToShutDown(let id), .upAgain(let id):
            id
        case .taken, .planned, .stopping, .ended:
            nil
        }
    }
}
