import Actuation
import ClusterModel
import Execution
import Foundation
import HypervisorInterface
import Persistence
import PlacementPolicy

/// Carries out a rolling reboot, step by step as its records say, until it ends.
///
/// It decides nothing: it does what `RebootState.next` says, and writes down what is about to be
/// done before it is done, and what was seen after it. A process that goes on in its place begins
/// with the same step.
final class RebootDriver {
    let run: RunID
    private(set) var state: RebootState
    let service: RebootService
    /// With the observer of this run: see `RebootRelay`.
    let observer: FleetObserver
    let runs: RunService
    let plans: PlanService
    let lock: FleetLock
    let control: RebootSwitch
    let boots: BootReader
    var leases: RunLeases?
    var leasedAt: Timestamp?
    /// When hosts that a person is to reboot were last up in their old boot.
    var lastSeen: [HostName: Timestamp] = [:]
    /// Since when there are not enough CPUs for the next drain.
    private var fullSince: Timestamp?
    /// What commands that were started by this process came to.
    let endings = CommandEndings()

    init(
        _ run: RunID, _ state: RebootState, by service: RebootService, plans: PlanService,
        lock: FleetLock, control: RebootSwitch
    ) throws {
        self.run = run
        self.state = state
        self.service = service
        self.lock = lock
        self.control = control
        let relay = RebootRelay(next: service.observer.progress, control: control)
        observer = service.observer.told(by: relay)
        runs = try RunService(observer, service.policies, service.flags)
        self.plans = plans.watching(observer).withBestEffort(false)
        boots = try service.bootReader(state.request.bootCommand)
    }

    var journal: JournalStore { runs.journal }
    var request: RebootRequest { state.request }
    func now() -> Timestamp { observer.now() }
    func note(_ text: String) async { await observer.progress.observe(.note(text)) }

    /// Writes a fact down, and then believes it.
    func record(_ event: RebootEvent) async throws {
        let time = now()
        try await journal.append(event, toReboot: run, at: time)
        try await service.hasWritten(event)
        state.apply(event, at: time)
        await observer.progress.observe(.reboot(run, state))
    }

    // MARK: The loop

    func drive() async throws {
        await observer.progress.observe(.rebootBegins(state, control.control(of: run)))
        do {
            try await goOn()
        } catch let error as CommandError {
            // What a person must read ends it, and stands in its record.
            try await record(.ended(RunOutcome(error.outcome, reason: error.message)))
        } catch let error as HypervisorError {
            try await record(.ended(RunOutcome(.failed, reason: "\(error)")))
        }
        await leases?.release()
        await observer.progress.observe(.rebootIsOver)
    }

    private func goOn() async throws {
        while state.outcome == nil {
            if let reason = control.reason, state.stopReason == nil {
                try await record(.stopping(reason: reason))
            }
            switch state.next {
            case .beginRound: try await beginRound()
            case .drain(let hosts): try await drain(hosts)
            case .reboot(let host): try await reboot(host)
            case .watch(let hosts): try await watch(hosts)
            case .enable(let host): try await enable(host)
            case .bringBack(let hosts): try await bringBack(hosts)
            case .endRound: try await record(.roundEnded)
            case .end(let outcome): try await record(.ended(outcome))
            }
        }
    }

    // MARK: Rounds

    /// How often is looked whether the hours have come in which a round may begin.
    private static let hoursMilliseconds: Int64 = 20_000

    private func beginRound() async throws {
        if let hours = request.hours, !hours.contains(service.minuteOfDay(now())) {
            await note("the next round begins at \(hours.startText) (--between \(hours))")
            while !hours.contains(service.minuteOfDay(now())) {
                guard control.reason == nil else { return }
                try await observer.clock.sleep(Self.hoursMilliseconds)
            }
        }
        guard control.reason == nil else { return }
        let left = state.waitingHosts
        // Hosts whose guests have no jobs come first.
        let made = try await jobs.plan {
            try await plans.withBestEffort(true).rollingReboot(
                left, isReturning: request.homecoming == .always)
        } awaiting: {
            $0.rounds.isEmpty ? $0.blockers.awaited(bestEffort: true) : []
        }
        guard let schedule = made else { return }
        guard let round = schedule.rounds.first else {
            let reasons = schedule.blockers.map { "\($0.subject)\($0.detail)" }
            throw CommandError(
                "\(left.words) cannot be emptied: \(reasons.joined(separator: "; "))",
                exit: .failed)
        }
        let kept = try await journal.maintenance()
        var hosts: [RoundHost] = []
        for host in round.hosts {
            guard let inspector = observer.hosts[host]?.connection.inspector else { continue }
            let facts = try await inspector.inventory().facts
            let entry = kept.first { $0.host == host }
            let isOurs = entry?.run.map { state.runs.contains($0) } ?? false
            hosts.append(
                RoundHost(
                    host: host, uuid: facts.uuid, isHeld: entry != nil && !isOurs,
                    faults: await faults(of: host).map(\.item), networks: facts.networks,
                    pools: facts.pools.map(\.name)))
        }
        try await record(.roundBegan(hosts, to: round.away.wishes.to))
    }

    /// Empties these hosts as `drain` does, and looks once more.
    private func drain(_ hosts: [HostName]) async throws {
        let made = try await jobs.plan {
            try await plan(emptying: hosts)
        } awaiting: {
            $0.plan.blockers.awaited(bestEffort: false)
        }
        guard let (plan, goal) = made else { return }
        switch plan.outcome {
        case .infeasible:
            let reasons = plan.blockers.map { "\($0.subject)\($0.detail)" }
            throw CommandError(
                "\(hosts.words) cannot be emptied: \(reasons.joined(separator: "; "))",
                exit: .failed)
        case .nothingToDo:
            try await runs.settleMaintenance(of: goal, run: nil)
            try await observer.hosts.refuseOccupied(plan)
        case .plan:
            if let share = excess(of: plan) { return try await waitForCPU(hosts, share) }
            guard control.reason == nil else { return }
            guard try await carryOut(plan, goal) else { return }
        }
        fullSince = nil
        try await record(.emptied)
    }

    /// Jobs on guests, waited for as long as was asked for, or until this is stopped.
    private var jobs: JobWait {
        JobWait(observer: observer, seconds: request.jobSeconds) { [control] in control.reason }
    }

    /// To the hosts that spare guests another move, where that fits.
    private func plan(
        emptying hosts: [HostName]
    ) async throws -> (plan: MigrationPlan, goal: PlanGoal) {
        // Whether guests come back to a host that is rebooted is another question.
        let plans = plans.stoppingNobody
        if let to = state.round?.to, !to.isEmpty {
            let goal = PlanGoal.drain(hosts, bestEffort: false, wishes: GoalWishes(to: to))
            let plan = try await plans.plan(goal)
            if plan.outcome != .infeasible, excess(of: plan) == nil { return (plan, goal) }
        }
        let goal = PlanGoal.drain(hosts, bestEffort: false)
        return (try await plans.plan(goal), goal)
    }

    /// To what share it would fill CPUs above what was agreed to; nil where it does not.
    private func excess(of plan: MigrationPlan) -> Int64? {
        guard let share = plan.cpuShare, share > state.agreedCPUShare ?? 10_000 else { return nil }
        return share
    }

    private static let fullMilliseconds: Int64 = 30_000

    /// Load comes and goes: it is waited for as long as for a host.
    private func waitForCPU(_ hosts: [HostName], _ share: Int64) async throws {
        let what =
            "to empty \(hosts.words), CPUs of a host would be filled to \(share / 100) %, which "
            + "was not agreed to"
        if fullSince == nil { await note("\(what): waits for less load") }
        let since = fullSince ?? now()
        fullSince = since
        guard now().millisecondsSince(since) < request.timeoutSeconds * 1000 else {
            throw CommandError(
                "\(what). See and agree: kvmbalance runs resume \(run)\(service.flags.config)",
                exit: .failed)
        }
        try await observer.clock.sleep(Self.fullMilliseconds)
    }

    /// An ordinary run; false where it did not reach its goal, with which this ends too.
    private func carryOut(_ plan: MigrationPlan, _ goal: PlanGoal) async throws -> Bool {
        let ending = try await runs.start(
            plan, goal: goal, service: plans, lock: lock, for: run)
        state = try await journal.rebootState(of: run)
        try lock.describe("run \(run), \(JournalStore.rebootKind)", run: run)
        return try await isDone(ending)
    }

    func isDone(_ ending: RunEnding) async throws -> Bool {
        guard ending.exit != .done else { return true }
        if let reason = control.reason {
            try await record(.stopping(reason: reason))
            return false
        }
        let reason = ending.report.reason.map { ": \($0)" } ?? ""
        throw CommandError(
            "run \(ending.report.run) (\(ending.report.kind.rawValue)) ended "
                + "\(ending.report.state)\(reason)", exit: ending.exit)
    }

    private func enable(_ host: HostName) async throws {
        if let it = state.roundHost(host), !it.isHeld {
            try await journal.clearMaintenance(of: host)
        }
        try await record(.done(host))
        if state.rebootingHosts.isEmpty { await endLeases() }
    }

    func endLeases() async {
        await leases?.release()
        leases = nil
    }

    /// What cannot return stays where it is, and is named.
    private func bringBack(_ hosts: [HostName]) async throws {
        let held = Set(state.rounds.flatMap(\.hosts).filter(\.isHeld).map(\.host))
        let hosts = hosts.filter { !held.contains($0) }
        guard !hosts.isEmpty else { return try await record(.returned) }
        let goal = PlanGoal.return(hosts)
        let plan = try await plans.withBestEffort(true).plan(goal)
        for blocker in plan.blockers {
            await note("does not return: \(blocker.subject)\(blocker.detail)")
        }
        if plan.outcome == .plan {
            guard control.reason == nil, try await carryOut(plan, goal) else { return }
        }
        try await record(.returned)
    }
}

extension Blocker {
    /// `web1: `, before what is said of it.
    fileprivate var subject: String {
        (domain ?? host?.rawValue).map { "\($0): " } ?? ""
    }
}

extension [HostName] {
    /// `host1, host2`.
    var words: String { map(\.rawValue).joined(separator: ", ") }
}

extension CommandError {
    fileprivate var outcome: RunOutcome.State { exit == .halted ? .halted : .failed }
}
