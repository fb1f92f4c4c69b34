import ClusterModel
import Execution

/// Tells a virtual run in words: names for numbers, seconds since its start for times.
struct EventLog: Sendable {
    private let start: Timestamp
    private let names: [DomainID: String]

    init(world: SimulatedWorld, plan: MigrationPlan) {
        start = world.now
        let pairs = world.hosts.flatMap { $0.domains.map { ($0.id, $0.facts.name) } }
        names = Dictionary(firstOf: pairs)
    }

    func name(_ domain: DomainID) -> String { names[domain] ?? domain.rawValue }

    /// `      12 s`, aligned: whole seconds, so that a call more or less does not change every
    /// line.
    func clock(_ time: Timestamp) -> String {
        let text = "\(time.millisecondsSince(start) / 1000) s"
        return String(repeating: " ", count: max(0, 12 - text.count)) + text
    }

    static func seconds(_ milliseconds: Int64) -> String {
        let digits = String(milliseconds.magnitude % 1000)
        let fraction = String(repeating: "0", count: 3 - digits.count) + digits
        return "\(milliseconds < 0 ? "-" : "")\(milliseconds.magnitude / 1000).\(fraction) s"
    }

    static func words(_ outcome: RunOutcome) -> String {
        "the run is \(outcome.state.rawValue)" + (outcome.reason.map { ": \($0)" } ?? "")
    }

    // MARK: What we do

    /// `offset` is the number of the last step so far: a new plan's steps follow it.
    func lines(_ event: JournalEvent, offset: Int, of state: RunState) -> [String] {
        switch event {
        case .taken(let process, let goal):
            ["process \(process) drives the run, goal \(goal.rawValue)"]
        case .planned(let plan, let goal):
            planned(plan, goal, offset)
        case .intent(let id, let attempt, _, _):
            [
                "step \(id) is about to \(verb(of: id, state))"
                    + "\(attempt > 1 ? ", attempt \(attempt)" : "")"
            ]
        case .adjusting(let id, let change, let reason):
            ["step \(id) does not converge (\(reason)): \(change)"]
        case .preparing(let id, let preparation):
            ["step \(id) will make \(preparation.images.count) images on its target"]
        case .made(let id, let path):
            ["step \(id) has made \(path) on its target"]
        case .askedToShutDown(let id):
            ["step \(id) asks its guest to shut down"]
        case .upAgain(let id):
            ["the guest of step \(id) shut down late and runs again"]
        case .cleared(let id):
            ["the unneeded images of step \(id) are removed"]
        case .attemptFailed(let id, let attempt, let error):
            ["step \(id) stayed at attempt \(attempt): \(error)"]
        case .settling(let id, let settlement):
            ["step \(id) needs a repair: \(words(settlement))"]
        case .arrived(let id, _, let note):
            [
                "step \(id) \(state.isInPlace(id) ? "is done" : "has arrived")"
                    + "\(note.map { ": \($0)" } ?? "")"
            ]
        case .skipped(let id, let reason):
            ["step \(id) is skipped: \(reason)"]
        case .failed(let id, let error):
            ["step \(id) has failed: \(error)"]
        case .stopping(let reason):
            ["no new step starts: \(reason)"]
        case .ended:
            []
        }
    }

    private func verb(of id: StepID, _ state: RunState) -> String {
        switch state.step(id)?.step.mode {
        case .shutdown: "shut its guest down"
        case .save: "save its guest"
        case .start: "start its guest"
        case .restore: "restore its guest"
        case .live, .storage, .offline, nil: "migrate"
        }
    }

    private func planned(
        _ plan: MigrationPlan, _ goal: RunGoal, _ offset: Int
    ) -> [String] {
        let steps = plan.steps.map { step in
            let after =
                step.after.isEmpty
                ? ""
                : ", after "
                    + step.after.map { "\($0.rawValue + offset)" }.joined(separator: " and ")
            return "  step \(step.id.rawValue + offset): \(words(step))\(after)"
        }
        let blockers = plan.blockers.map {
            "  \($0.domain ?? "the plan") is blocked: \($0.detail)"
        }
        let count = steps.count == 1 ? "1 step" : "\(steps.count) steps"
        return ["a plan of \(count), goal \(goal.rawValue)"] + steps + blockers
    }

    /// `move words`, or `name, save on host`.
    private func words(_ step: Step) -> String {
        guard step.mode.isInPlace else { return words(step.move) }
        return "\(name(step.move.domain)), \(step.mode.rawValue) on \(step.move.source)"
    }

    private func words(_ settlement: RepairAction) -> String {
        switch settlement {
        case .destroyPausedSource: "the paused copy on the source is destroyed"
        case .resumeSource: "the source's copy is resumed"
        case .resumePostcopy: "post-copy is resumed"
        case .undefineSource: "the definition on the source is removed"
        case .undefineTarget: "the definition on the target is removed"
        case .setAutostart: "autostart is set on the target"
        case .setSourceAutostart: "autostart is set on the source again"
        case .startSource: "the guest is started on the source again"
        case .startTarget: "the guest is started on the target"
        case .returnDefinition: "the definition goes back to the source"
        case .removeTargetImages: "the copied images on the target are removed"
        case .removeSourceImages: "the old images on the source are removed"
        }
    }

    /// nil for what the journal tells better.
    func line(_ event: RunEvent, of state: RunState) -> String? {
        switch event {
        case .begin, .planned(.some, _), .stop, .abort, .askedToShutDown, .made,
            .journalClosed:
            nil
        // The journal or the machine tells it better.
        case .adjustFailed, .abortFailed: nil
        case .lookedElsewhere(_, let sightings):
            lookedElsewhere(sightings)
        case .hostsLooked(let sightings):
            hostsLooked(sightings)
        case .copiesLooked(let id, let doubt):
            "check of the copies of step \(id): \(doubt ?? "they are on the target's disk")"
        case .guestsLooked(let sightings, let elsewhere):
            guestsLooked(sightings, elsewhere, state.promises)
        case .planned(nil, let reason):
            "no plan can be made: \(reason ?? "no reason is given")"
        case .looked(let id, let purpose, let source, let target):
            looked(id, purpose, source, target, of: state)
        case .surveyed:
            nil
        case .migrationEnded(let id, let statistics, nil):
            "libvirt reports that step \(id) \(state.isInPlace(id) ? "is done" : "migrated")"
                + (statistics.map { " in \(Self.seconds($0.durationMilliseconds))" } ?? "")
        case .migrationEnded(let id, _, let failure?):
            "libvirt reports an error of step \(id): \(failure.message)"
        case .settled(let id, let settlement, let failure):
            "the repair \(settlement.rawValue) of step \(id) "
                + (failure.map { "failed: \($0.message)" } ?? "is done")
        // The journal tells it better.
        case .adjust: nil
        case .overdue(let id, let reason), .nonConverging(let id, let reason):
            "step \(id) \(reason)"
        case .stuck(let id, let reason):
            "step \(id) \(reason)"
        }
    }

    /// nil where all is as it should be: the end of the run says so.
    private func hostsLooked(_ sightings: [HostSighting]) -> String? {
        let found = sightings.compactMap { host -> String? in
            guard let guests = host.guests else { return "\(host.host) does not respond" }
            return guests.isEmpty
                ? nil : "\(host.host) has \(guests.sorted().joined(separator: ", "))"
        }
        return found.isEmpty ? nil : "check at the end: \(found.joined(separator: "; "))"
    }

    /// nil where all run that are to.
    private func guestsLooked(
        _ sightings: [DomainID: DomainSighting], _ elsewhere: [DomainID: HostName],
        _ promises: [GuestPromise]
    ) -> String? {
        let found = promises.compactMap { promise in
            guard promise.condition != .defined else {
                return elsewhere[promise.domain].map { "\(name(promise.domain)) runs on \($0)" }
            }
            return sightings[promise.domain].flatMap { sighting in
                sighting.presence == .running
                    ? nil : "\(name(promise.domain)) is \(words(sighting))"
            }
        }
        return found.isEmpty ? nil : "check at the end: \(found.joined(separator: ", "))"
    }

    /// nil where no other host knows the domain.
    private func lookedElsewhere(_ sightings: [HostName: DomainSighting]) -> String? {
        let known = sightings.filter { $0.value.presence != .absent }.sorted { $0.key < $1.key }
        guard !known.isEmpty else { return nil }
        return "elsewhere: "
            + known.map { "\($0.key) shows it \(words($0.value))" }.joined(separator: ", ")
    }

    private func looked(
        _ id: StepID, _ purpose: ObservationPurpose, _ source: DomainSighting,
        _ target: DomainSighting,
        of state: RunState
    ) -> String? {
        guard let step = state.step(id)?.step else { return nil }
        let move = step.move
        guard !step.mode.isInPlace else {
            let when = purpose == .preflight ? "before step \(id)" : "check"
            return "\(when): \(name(move.domain)) is \(words(source)) on \(move.source)"
        }
        let row = RecoveryTable.decide(source: source, target: target).row
        let picture =
            "\(name(move.domain)) is \(words(source)) on \(move.source), \(words(target)) on "
            + "\(move.target)"
        return purpose == .preflight && row.label == "stayed"
            ? "before step \(id): \(picture)" : "check (\(row.label)): \(picture)"
    }

    private func words(_ sighting: DomainSighting) -> String {
        sighting.presence.rawValue + (sighting.jobActive ? " and migrating" : "")
            + (sighting.hasSavedState ? " with saved memory" : "")
            + (sighting.isBeingSaved ? " and being saved" : "")
    }

    func words(_ move: Move) -> String {
        "\(name(move.domain)) \(move.source) → \(move.target)"
    }

    // MARK: What goes wrong

    func words(_ fault: SimulatedFault) -> String {
        switch fault {
        case .daemonRestart(let host, let time):
            "libvirtd of \(host) restarts and is away for \(Self.seconds(time))"
        case .hostLoss(let host):
            "\(host) loses its power for good"
        case .hostReboot(let host, let time):
            "\(host) loses its power for \(Self.seconds(time))"
        case .linkLoss(let host, let time):
            "the migration network of \(host) is cut for \(Self.seconds(time))"
        case .slowLink(let host, let mbps):
            "the migration network of \(host) carries \(mbps) Mbit/s from now on"
        case .connectionLoss(let host, let time):
            "kvmbalance does not reach \(host) for \(Self.seconds(time))"
        case .anotherMachine, .anotherController, .backup:
            others(fault)
        case .peerLoss(let host, let time):
            "the other hosts do not reach libvirtd of \(host) for \(Self.seconds(time))"
        case .stuckMonitor(let domain, let time):
            "the monitor of \(name(domain)) does not answer for \(Self.seconds(time))"
        case .lostFinish(let domain):
            "the reply of Finish for \(name(domain)) will be lost"
        case .lostConfirm(let domain):
            "Confirm for \(name(domain)) will be lost"
        case .lostUndefine(let domain):
            "the source will keep its definition of \(name(domain))"
        case .killedInFinish(let domain):
            "the target's libvirtd will be killed within Finish of \(name(domain))"
        case .postcopyBreak(let domain):
            "post-copy of \(name(domain)) breaks off"
        case .guestShutDown(let domain):
            "\(name(domain)) is shut down from inside"
        case .guestStarted(let domain):
            "a person starts \(name(domain))"
        case .guestPaused(let domain):
            "a person pauses \(name(domain))"
        case .guestResumed(let domain):
            "a person resumes \(name(domain))"
        case .guestBusy(let domain, let rate):
            "\(name(domain)) rewrites \(rate) a second from now on"
        case .movedByAnother(let domain, let host):
            "another tool migrates \(name(domain)) to \(host)"
        case .movedCarelessly(let domain, let host):
            "another tool migrates \(name(domain)) to \(host) and forgets its definition"
        case .powerCut(let host, let time):
            "\(host) loses its power for \(Self.seconds(time)), and its page cache"
        case .guestLate(let domain, let time):
            "\(name(domain)) will take \(Self.seconds(time)) to shut down"
        case .guestDeaf(let domain):
            "\(name(domain)) will not shut down when it is asked"
        case .startFails(let domain, let host):
            "\(name(domain)) does not start on \(host) from now on"
        case .foreignFile(let host, let path):
            "somebody puts a file at \(path) on \(host)"
        case .hostDisabled(let host):
            "a person puts \(host) in maintenance"
        case .abortedByAnother(let domain):
            "another tool aborts the migration of \(name(domain))"
        }
    }

    /// What other people and their tools do beside us.
    private func others(_ fault: SimulatedFault) -> String {
        if case .anotherMachine(let host, let time) = fault {
            return
                "the name of \(host) leads kvmbalance to another machine for \(Self.seconds(time))"
        }
        if case .anotherController(let host, let time) = fault {
            return
                "another controller begins a run on \(host), and is killed after "
                + "\(Self.seconds(time))"
        }
        guard case .backup(let domain, let time) = fault else { return "" }
        return "a person backs \(name(domain)) up for \(Self.seconds(time))"
    }
}

extension RunState {
    /// Does the guest of this step stay on its host?
    fileprivate func isInPlace(_ id: StepID) -> Bool { step(id)?.step.mode.isInPlace == true }
}
