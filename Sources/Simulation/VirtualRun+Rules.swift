import ClusterModel
import Execution
import Foundation
import HypervisorInterface

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
        noteFates()
    }

    /// An event that the machine receives.
    mutating func noticed(_ event: RunEvent, of state: RunState) {
        if case .looked(let id, let purpose, let source, let target) = event {
            let isChecked =
                purpose == .preflight || purpose == .watch && seen[id]?.isChecked == true
            seen[id] = Evidence(
                purpose: purpose, source: source, target: target, isChecked: isChecked)
            if purpose == .verify, state.step(id)?.step.mode.isInPlace == false {
                rowsMet.insert(RecoveryTable.decide(source: source, target: target).row.label)
            }
        }
        if case .abort = event { abortedAt = abortedAt ?? world.now }
        if isTold, let line = log.line(event, of: state) { tell(line) }
    }

    /// The step that the journal told of last, of those that move this domain.
    func step(of domain: DomainID) -> RunState.StepState? {
        let mine = state.steps.filter { $0.step.move.domain == domain }
        let last = journal.last { record in
            record.event.step.map { id in mine.contains { $0.step.id == id } } ?? false
        }
        return last?.event.step.flatMap { state.step($0) }
    }

    /// An intent precedes its migration in the journal, or the repair that it is a part of.
    mutating func demandIntent(of request: MigrationRequest, from host: HostName) {
        let move = Move(domain: request.domain, source: host, target: request.target)
        guard let step = step(of: request.domain) else {
            return report(["\(log.words(move)) is not a step of the plan"])
        }
        let id = step.step.id
        if step.step.move == move {
            if !hasIntent(id) { report(["step \(id) migrates without an intent"]) }
        } else {
            report(["\(log.words(move)) is not what step \(id) does"])
        }
        if wasClosed.contains(id) {
            report(["\(log.name(move.domain)) goes to \(move.target), which is in maintenance"]
            )
        }
        // Copying checks every second whether it is to stop.
        if request.mode == .offline, step.step.move == move, let abortedAt,
            world.now.millisecondsSince(abortedAt) > 10_000
        {
            report(["step \(id) continues although it was aborted"])
        }
        for end in [host, request.target] where world.isHeldByAnother(end) {
            report(["step \(id) migrates while another controller works on \(end)"])
        }
        noteWhetherTwice(move, by: "migrate it")
    }

    /// Whoever ends a migration must have begun it, in this life or one before.
    mutating func demandOwn(_ domain: DomainID, from host: HostName) {
        guard let job = world.migration(of: domain), job.source == host,
            !ours.contains(job.id), step(of: domain)?.step.move.target != job.target
        else { return }
        report(["kvmbalance aborts another's migration of \(log.name(domain))"])
    }

    /// Nobody is shut down, saved or started before that is in the journal.
    mutating func demandIntent(of domain: DomainID) {
        guard let step = step(of: domain), hasIntent(step.step.id) else {
            return report(["\(log.name(domain)) is stopped or started without an intent"])
        }
    }

    /// A repair is written down before it is done.
    mutating func demandSettling(_ settlement: RepairAction, of domain: DomainID) {
        guard let step = step(of: domain) else {
            return report(["\(settlement.rawValue) of \(log.name(domain)) is no step's repair"]
            )
        }
        if lastRecord(of: step.step.id) != .settling(step.step.id, settlement) {
            report(["step \(step.step.id) does \(settlement.rawValue) without a record"])
        }
        noteWhetherTwice(step.step.move, by: settlement.rawValue)
    }

    /// So is a change of a running migration: after post-copy has begun there is no way back.
    mutating func demandAdjusting(_ adjustment: MigrationAdjustment, of domain: DomainID) {
        guard let id = step(of: domain)?.step.id,
            case .adjusting(id, adjustment, _) = lastRecord(of: id)
        else {
            return report(["\(log.name(domain)) is changed (\(adjustment)) without a record"])
        }
    }

    /// The room was counted when the plan was made.
    mutating func examineRefusal(_ error: HypervisorError, of request: MigrationRequest) {
        guard error.message.contains("Cannot allocate memory"),
            world.host(request.target)?.isTouchedByOthers == false
        else { return }
        report(["capacity: \(error)"])
    }

    /// What both hosts showed last must allow what the journal says now: this is the recovery table
    /// again, in other words and by another hand, for what does harm when it is wrong.
    mutating func demandProof(of event: JournalEvent) {
        guard let id = event.step else { return }
        let look = seen[id]
        let (source, target) = (look?.source.presence, look?.target.presence)
        let step = state.step(id)?.step
        if let step, step.mode.isInPlace {
            return demandProofInPlace(of: event, step, look)
        }
        let isShutOff = step?.isShutOff == true
        let isDown = source == .inactive && target == .absent
        let isCold = step?.mode == .offline
        let isLate = step.map { $0.mode == .offline && state.asked[$0.move.domain] != nil } ?? false
        let isAllowed =
            switch event {
            case .intent:
                look?.isChecked == true && target == .absent
                    && look?.source.jobActive == false
                    && (isDown ? isShutOff || isLate : isGuest(source) && !isShutOff)
            case .arrived:
                source == .absent && (isGuest(target) || target == .inactive)
            case .attemptFailed:
                isGuest(source) && (target == .absent || target == .inactive)
                    || isShutOff && isDown
            case .settling(_, .destroyPausedSource):
                source == .pausedByMigration && target == .running
            case .settling(_, .resumeSource):
                source == .pausedByMigration && target == .absent
            case .settling(_, .resumePostcopy):
                source == .postcopyFailed && target == .postcopyFailed
            case .settling(_, .undefineSource):
                source == .inactive && look?.target.isPersistent == true
                    && (isGuest(target) || isCold && target == .inactive)
            case .settling(_, .undefineTarget):
                target == .inactive && look?.source.isPersistent == true
                    && (isGuest(source) || isCold && source == .inactive)
            case .settling(_, .setAutostart):
                source == .absent && (isGuest(target) || target == .inactive)
            case .settling(_, .setSourceAutostart):
                isGuest(source) && target == .absent
            case .skipped:
                isDown || isShutOff && isGuest(source) && target == .absent
            case .settling(_, .startSource):
                target == .absent
                    || look?.purpose == .watch && target == .unknown
                        && source == .inactive && look?.source.cause == .intent
            case .settling(_, .removeTargetImages):
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

    func isGuest(_ presence: DomainSighting.Presence?) -> Bool {
        presence?.isGuest == true
    }

    /// The journal alone tells all that the machine knows, and can be read again.
    mutating func examineJournal() {
        if state.steps != known.steps || state.goal != known.goal {
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

    /// A domain that runs twice is not to be touched by us, whoever made it so. Between our look
    /// and our act a person may have started the second copy: then the host must refuse us. A third
    /// host is not looked at before a migration, so what another tool split to there cannot be
    /// seen.
    private mutating func noteWhetherTwice(_ move: Move, by what: String) {
        let runners = world.runners(of: move.domain)
        let isTwice = runners.contains(move.source) && runners.contains(move.target)
        ranTwice[move.domain] = isTwice ? what : nil
    }

    /// What was asked for was not refused.
    mutating func done(to domain: DomainID) {
        guard let what = ranTwice.removeValue(forKey: domain) else { return }
        report(["\(log.name(domain)) runs twice and kvmbalance \(what)"])
    }

    /// The journal says what happened to the steps, as far as the world tells.
    mutating func examineEnd(_ outcome: RunOutcome) {
        examine()
        if outcome.state != .done && outcome.state != .rolledBack && outcome.reason == nil {
            report(["the run ended \(outcome.state.rawValue) without a reason"])
        }
        examineEmptied(outcome)
        examinePromises(outcome)
        examineLeases(outcome)
        examineLeft(outcome)
        examineAsked(outcome)
        if outcome.state != .halted, let open = state.openSteps.first {
            report(["the run ended \(outcome.state.rawValue) and step \(open.step.id) is open"])
        }
        for step in state.steps {
            guard case .done = step.status, outcome.state == .done,
                state.steps.last(where: { $0.step.move.domain == step.step.move.domain }) == step,
                world.fates(of: step.step.move.domain).isEmpty
            else { continue }
            if step.step.mode.isInPlace {
                examineInPlace(step)
                continue
            }
            let holders =
                step.step.isShutOff
                ? world.hosts.filter { $0.domain(step.step.move.domain) != nil }.map(\.name)
                : world.holders(of: step.step.move.domain)
            if holders != [step.step.move.target] {
                report(["step \(step.step.id) is done and its domain is on \(holders)"])
            }
            examineAutostart(of: step)
        }
    }

    /// A run that is over works nowhere any more.
    private mutating func examineLeases(_ outcome: RunOutcome) {
        guard outcome.state != .halted else { return }
        for host in world.hosts where host.lease?.id == Self.controller.leaseID {
            if host.isUnreachable(at: world.now) || host.isMisleading(at: world.now) { continue }
            report(["the run is over and its lease lies on \(host.name)"])
        }
    }

    static let controller = ControllerIdentity(
        machine: "ours", database: "ours", place: "kvmbalance on ops1")

    /// Who is down and what lies about is named, by name and by path.
    private mutating func examineLeft(_ outcome: RunOutcome) {
        // An open step is known to whoever resumes the run.
        guard outcome.state != .halted else { return }
        let told = told(outcome)
        for guest in judge.guestsDown(in: world) where !told.contains("'\(guest.name)'") {
            report(["\(guest.name) is down at the end, and the run does not say so"])
        }
        for file in judge.leftFiles(in: world) where !told.contains(file.path) {
            // What became of it and left its disk behind was not us.
            if let domain = file.content?.domain, !world.fates(of: domain).isEmpty { continue }
            report(["\(file.path) is left on \(file.host), and the run does not say so"])
        }
    }

    /// All that the run says to people.
    private func told(_ outcome: RunOutcome) -> String {
        let facts = journal.flatMap { record -> [String] in
            switch record.event {
            case .arrived(_, _, let note): [note].compactMap { $0 }
            case .attemptFailed(_, _, let error), .failed(_, let error): [error]
            case .skipped(let id, let reason):
                [reason, "'\(state.step(id)?.step.domainName ?? "")'"]
            case .taken, .planned, .intent, .adjusting, .preparing, .made, .askedToShutDown,
                .upAgain, .cleared, .settling, .stopping, .ended:
                []
            }
        }
        return ([outcome.reason].compactMap { $0 } + facts).joined(separator: "\n")
    }

    /// Who ends a drain well says that the host is empty, and somebody switches it off.
    private mutating func examineEmptied(_ outcome: RunOutcome) {
        guard outcome.state == .done, state.goal == .forward, state.kind == .drain else { return }
        for host in state.original.hosts.compactMap({ world.host($0) }) {
            // One that answered the last question may fall silent while the end is written.
            let hasAnswered = listedAt[host.name] == journal.count - 1
            if host.isUnreachable(at: world.now), !hasAnswered {
                report(["the drain is done and \(host.name) did not respond"])
            }
            let stayed = state.original.wishes.except.map(\.domain)
            for copy in host.domains where copy.isActive && !stayed.contains(copy.id) {
                report(["the drain is done and \(copy.facts.name) is on \(host.name)"])
            }
        }
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

    /// Its intent is the last that was written of it, but for facts of the same attempt.
    private func hasIntent(_ id: StepID) -> Bool {
        for record in journal.reversed() where record.event.step == id {
            if case .made = record.event { continue }
            if case .askedToShutDown = record.event { continue }
            if case .intent = record.event { return true }
            return false
        }
        return false
    }

    private func lastRecord(of id: StepID) -> JournalEvent? {
        journal.last { $0.event.step == id }?.event
    }

    mutating func report(_ found: [String]) {
        for fault in found where !violations.contains(fault) {
            tell("VIOLATION: \(fault)")
            violations.append(fault)
        }
    }
}

extension JournalEvent {
    /// The step it speaks of.
    var step: StepID? {
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
