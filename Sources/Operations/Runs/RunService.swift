import Actuation
package import ClusterModel
package import Execution
import Foundation
package import Persistence
import Planning

/// Starts, takes up, shows and stops runs.
package struct RunService: Sendable {
    let observer: FleetObserver
    private let policies: FleetPolicies
    let journal: JournalStore
    /// The flags of the commands that a refusal names.
    let flags: CommandFlags

    package init(_ observer: FleetObserver, _ policies: FleetPolicies, _ flags: CommandFlags) throws
    {
        self.observer = observer
        self.policies = policies
        self.flags = flags
        journal = try observer.stores.journal()
    }

    var stores: Stores { observer.stores }
    var progress: any ProgressObserver { observer.progress }
    func now() -> Timestamp { observer.now() }

    /// The same, which tells its progress to another one.
    func told(by progress: any ProgressObserver) throws -> RunService {
        try RunService(observer.told(by: progress), policies, flags)
    }

    // MARK: Looking

    package func report(_ run: RunID) async throws -> RunReport {
        let state = try await state(of: run)
        var report = RunReport(
            run: run, state: state, isKilled: state.outcome == nil && driver?.drives(run) != true)
        guard let stopped = report.stopped else { return report }
        // A later run may have started them.
        let away = try await DisplacedDomains(of: stopped.map(\.host), in: journal)
        let down = stopped.filter { away.stops[$0.uuid]?.run == run }
        report.stopped = down.isEmpty ? nil : down
        return report
    }

    /// Guests that are down because a run stopped them, on these hosts.
    package func stoppedGuests(on hosts: [HostName]) async throws -> [DomainID: RunID] {
        try await DisplacedDomains(of: hosts, in: journal).stops.mapValues(\.run)
    }

    /// Of all runs, newest first.
    package func reports() async throws -> [ListedRun] {
        let unreadable = try await journal.unreadableRuns()
        var reports: [ListedRun] = []
        for run in try await journal.runs() {
            if let one = unreadable.first(where: { $0.run == run }) {
                reports.append(.unreadable(UnreadableReport(one)))
            } else {
                reports.append(.readable(try await report(run)))
            }
        }
        return reports
    }

    /// The living process that holds the fleet, and the run that it drives.
    package var driver: FleetLock.Holder? { FleetLock.holder(directory: stores.directory) }

    /// Runs of which a record cannot be read, in order of start.
    package func unreadableRuns() async throws -> [UnreadableRun] {
        try await journal.unreadableRuns()
    }

    /// Of all runs, newest first, from the index.
    package func summaries() async throws -> [RunSummary] { try await journal.summaries() }

    /// How good estimates were, from this run on.
    package func accuracy(since first: RunID) async throws -> AccuracyReport {
        let open = try await journal.openRuns().filter { $0.run >= first }
        return AccuracyReport(
            TransferHistory(
                try await journal.transfers(since: first) + open.flatMap { $1.transfers(of: $0) }))
    }

    package func state(of run: RunID) async throws -> RunState {
        guard try await journal.runs().contains(run) else {
            throw CommandError("there is no run \(run); list them: kvmbalance runs list")
        }
        return try await journal.state(of: run)
    }

    // MARK: One at a time

    /// The whole fleet belongs to one run: a second one is refused.
    func lockFleet(_ purpose: String, run: RunID? = nil) throws -> FleetLock {
        // Nothing is begun on a journal that is damaged.
        try journal.verify()
        switch try FleetLock.acquire(directory: stores.directory, purpose: purpose, run: run) {
        case .acquired(let lock): return lock
        case .held(let holder):
            throw CommandError(
                "another run holds the fleet: \(holder.description). Wait for it, or "
                    + wayToStop(holder), exit: .busy)
        }
    }

    /// How to end the process that holds the fleet.
    func wayToStop(_ holder: FleetLock.Holder) -> String {
        if let run = holder.whole {
            return "stop it: kvmbalance runs abort \(run)\(flags.config)"
        }
        let end = holder.process.map { ": kill \($0)" } ?? " by hand"
        return "end it\(end) (it has begun no run yet)"
    }

    // MARK: Acting

    /// `memory` is what the timer is to remember, once nobody refuses the run any more and before
    /// it begins: one that is killed must not be followed by the same one.
    func start(
        _ plan: MigrationPlan, goal: PlanGoal, service: PlanService, lock: FleetLock,
        remembering memory: RebalanceState? = nil, for reboot: RunID? = nil
    ) async throws -> RunEnding {
        let leases = try await demandLeases(on: plan.touchedHosts, for: "\(goal)")
        let run: RunID
        do {
            if let memory { try await journal.remember(memory, as: RebalanceState.name) }
            run = try await journal.open(
                plan, at: now(), process: ProcessInfo.processInfo.processIdentifier, for: reboot)
            try lock.describe("run \(run), \(goal)", run: run)
            try await keepPolicy(service.policyFile, of: run)
            try await settleMaintenance(of: goal, run: run)
        } catch {
            await leases.release()
            throw error
        }
        leases.describe("run \(run), \(goal)")
        return try await execute(run, recovering: false, service: service, leases: leases)
    }

    // MARK: The policy of a run

    /// So that `runs resume` need not name it again.
    func keepPolicy(_ file: String?, of run: RunID) async throws {
        guard let file else { return }
        let whole = URL(fileURLWithPath: file).path
        try await journal.remember(whole, as: Self.policyName(run))
    }

    /// Plans for a run under the file of this name, else the one that it was planned under, else
    /// the fleet file's.
    func planService(
        for run: RunID, _ plan: MigrationPlan, policy given: String?
    ) async throws -> PlanService {
        let kept = try await journal.remembered(Self.policyName(run), as: String.self)
        guard given == nil, let kept else {
            return try await PlanService(observer, policies, policy: given, plan: plan)
        }
        let isThere = FileManager.default.isReadableFile(atPath: kept)
        do {
            return try await PlanService(
                observer, policies, policy: isThere ? kept : nil, plan: plan)
        } catch let error as CommandError where !isThere {
            throw CommandError(
                "run \(run) was planned under \(kept), which can no longer be read, and "
                    + error.message)
        }
    }

    private static func policyName(_ run: RunID) -> String { "policy of run \(run)" }

    /// `drain` keeps its hosts empty from its start on; `return` gives them back.
    /// Who put a host in maintenance first, and when, stays on record.
    /// A run that goes on (`goingOn`) ends only what was there when it began.
    func settleMaintenance(
        of goal: PlanGoal, run: RunID?, goingOn state: RunState? = nil
    ) async throws {
        let entries = try await journal.maintenance()
        let present = Set(entries.map(\.host))
        for host in goal.hosts {
            switch goal {
            case .drain where present.contains(host): break
            case .drain:
                try await journal.setMaintenance(
                    MaintenanceEntry(host: host, since: now(), run: run))
            case .return:
                let entry = entries.first { $0.host == host }
                if let entry, let state, !state.ends(entry) { break }
                try await journal.clearMaintenance(of: host)
            case .move, .balance, .consolidate: break
            }
        }
    }

    /// `agreed` is the plan that was shown for what is left, if nothing has to be settled before
    /// it.
    func execute(
        _ run: RunID, recovering: Bool, service: PlanService, leases: RunLeases,
        agreed: AgreedPlan? = nil
    ) async throws -> RunEnding {
        let begun = try await state(of: run)
        let gate = try await MaintenanceGate(run, begun, journal)
        let file = RunProgressFile(directory: stores.directory, run: run)
        defer { file.remove() }
        let machine = RunMachine(
            state: begun, recovering: recovering, confirmed: agreed?.cpuShare,
            askedBefore: try await guestsAsked(before: run))
        let executor = RunExecutor(
            run: run, machine: machine,
            journal: journal, connections: observer.hosts.connections, clock: observer.clock,
            observer: RunRelay(progress, file: file), checksums: journal.checksums, leases: leases,
            closure: { try await gate.closure(of: $0) }
        ) { goal, exclusions, state in
            if let plan = agreed?.take() { return plan }
            return try await service.replan(goal, without: exclusions, state: state)
        }
        await progress.observe(.runBegins(begun, RunControl(run) { executor.send($0) }))
        let outcome = await executor.execute()
        await progress.observe(.runIsOver)
        let state = await executor.state.ending(outcome, at: now())
        // What the run teaches is worked out now, and not when somebody waits for a plan.
        _ = try? await TransferLearning(journal: journal).calibration()
        return RunEnding(
            report: RunReport(run: run, state: state), exit: outcome.exit,
            left: RunEnding.Left(begun, outcome))
    }
}

/// How a run ended, and in what it leaves the hosts that it was about.
package struct RunEnding: Sendable {
    package enum Left: Hashable, Sendable {
        /// Nothing is sent there until they are returned or enabled.
        case inMaintenance([HostName])
        /// Empty, and planned for as before.
        case empty([HostName])
    }

    package var report: RunReport
    package var exit: Exit
    /// nil where nothing has to be said of any host.
    package var left: Left?
}

extension RunEnding.Left {
    init?(_ begun: RunState, _ outcome: RunOutcome) {
        switch begun.kind {
        case .drain where begun.goal == .forward: self = .inMaintenance(begun.original.hosts)
        case .consolidate where outcome.state == .done: self = .empty(begun.original.hosts)
        case .drain, .move, .consolidate, .return, .balance, .rollback: return nil
        }
    }
}

extension RunOutcome {
    var exit: Exit {
        switch state {
        case .done: .done
        case .failed: .failed
        case .rolledBack: .rolledBack
        case .halted: .halted
        }
    }
}

extension RunState {
    /// Was this maintenance there when the run began, for a `return` to end?
    func ends(_ entry: MaintenanceEntry) -> Bool {
        startedAt.map { entry.since <= $0 } ?? true
    }

    /// The state to show when the journal could not take the end.
    fileprivate func ending(_ outcome: RunOutcome, at time: Timestamp) -> RunState {
        var state = self
        if state.outcome == nil { state.apply(.ended(outcome), at: time) }
        return state
    }
}
