import Actuation
import ClusterModel
import Execution
import Foundation
import Persistence

/// Starts, takes up, shows and stops runs.
struct RunService {
    let composition: Composition
    let isJSON: Bool
    let journal: JournalStore
    /// The flags of commands that are printed after a run.
    var flags: CommandFlags

    init(_ composition: Composition, isJSON: Bool) throws {
        self.composition = composition
        flags = composition.flags
        self.isJSON = isJSON
        journal = try composition.journal()
    }

    // MARK: Looking

    func report(_ run: RunID) async throws -> RunReport {
        report(run, try await state(of: run))
    }

    func reports() async throws -> [RunReport] {
        try await composition.runStates().reversed().map { report($0.run, $0.state) }
    }

    /// With commands that work when they are pasted.
    func report(_ run: RunID, _ state: RunState) -> RunReport {
        var report = RunReport(run: run, state: state)
        report.flags = flags.config
        return report
    }

    func show(_ report: RunReport) throws {
        if isJSON { try Console.outJSON(report) } else { Console.out(report.text) }
    }

    func state(of run: RunID) async throws -> RunState {
        guard let found = try await composition.runStates().first(where: { $0.run == run }) else {
            throw CommandError("there is no run \(run); list them: kvmbalance runs list")
        }
        return found.state
    }

    // MARK: One at a time

    /// The whole fleet belongs to one run: a second one is refused.
    func lockFleet(_ purpose: String, run: RunID? = nil) throws -> FleetLock {
        switch try FleetLock.acquire(
            directory: composition.databaseFolder.path, purpose: purpose, run: run)
        {
        case .acquired(let lock): return lock
        case .held(let holder):
            throw CommandError(
                "another run holds the fleet: \(holder.description). Wait for it, or "
                    + wayToStop(holder), exit: .busy)
        }
    }

    /// How to end the process that holds the fleet.
    func wayToStop(_ holder: FleetLock.Holder) -> String {
        if let run = holder.run {
            return "stop it: kvmbalance runs abort \(run)\(flags.config)"
        }
        let end = holder.process.map { ": kill \($0)" } ?? " by hand"
        return "end it\(end) (it has begun no run yet)"
    }

    /// A run that was killed may have left a migration open: that comes first, and only a person can
    /// say what is to become of it.
    func refuseUnfinishedRun() async throws {
        for (run, state) in try await composition.runStates()
        where state.outcome == nil || state.outcome?.state == .halted {
            let what = state.outcome == nil ? "was killed before it ended" : "was halted"
            let ways = ["resume", "rollback", "abort"].map {
                "\n  kvmbalance runs \($0) \(run)\(flags.config)"
            }
            throw CommandError(
                "run \(run) (\(state.kind.rawValue)) \(what), so nothing else starts. See: "
                    + "kvmbalance runs show \(run)\(flags.config)\nThen one of:"
                    + ways.joined(), exit: .halted)
        }
    }

    // MARK: Acting

    func start(
        _ plan: MigrationPlan, goal: PlanGoal, service: PlanService, lock: FleetLock
    ) async throws -> Exit {
        let run = try await journal.open(
            plan, at: composition.now(), process: ProcessInfo.processInfo.processIdentifier)
        try lock.describe("run \(run), \(goal)", run: run)
        try await keepPolicy(service.policyFile, of: run)
        try await settleMaintenance(of: goal, run: run)
        return try await execute(run, recovering: false, service: service)
    }

    // MARK: The policy of a run

    /// So that `runs resume` need not name it again.
    private func keepPolicy(_ file: String?, of run: RunID) async throws {
        guard let file else { return }
        let whole = URL(fileURLWithPath: file).path
        try await journal.remember(whole, as: Self.policyName(run))
    }

    /// Plans for a run under the file of this name, else the one that it was planned under, else the
    /// fleet file's.
    func planService(
        for run: RunID, _ plan: MigrationPlan, policy given: String?
    ) async throws -> PlanService {
        let kept = try await journal.remembered(Self.policyName(run), as: String.self)
        guard given == nil, let kept else {
            return try PlanService(composition, policy: given, plan: plan)
        }
        let isThere = FileManager.default.isReadableFile(atPath: kept)
        do {
            return try PlanService(composition, policy: isThere ? kept : nil, plan: plan)
        } catch let error as CommandError where !isThere {
            throw CommandError(
                "run \(run) was planned under \(kept), which can no longer be read, and "
                    + error.message)
        }
    }

    private static func policyName(_ run: RunID) -> String { "policy of run \(run)" }

    /// `drain` keeps its hosts empty from its start on; `return` gives them back.
    /// Who put a host in maintenance first, and when, stays on record.
    func settleMaintenance(of goal: PlanGoal, run: RunID?) async throws {
        let present = Set(try await journal.maintenance().map(\.host))
        for host in goal.hosts {
            switch goal {
            case .drain where present.contains(host): break
            case .drain:
                try await journal.setMaintenance(
                    MaintenanceEntry(host: host, since: composition.now(), run: run))
            case .return:
                try await journal.clearMaintenance(of: host)
            case .balance, .consolidate: break
            }
        }
    }

    private func tellOfMaintenance(_ plan: MigrationPlan) {
        let hosts = plan.hosts.map(\.rawValue).joined(separator: " ")
        Console.err(
            "\(hosts) stays in maintenance: nothing is sent there until 'kvmbalance return "
                + "\(hosts)\(flags.planning)' or 'kvmbalance hosts enable "
                + "\(hosts)\(flags.config)'")
    }

    private func tellOfEmpty(_ plan: MigrationPlan) {
        let hosts = plan.hosts.map(\.rawValue).joined(separator: " ")
        Console.err(
            "to keep \(hosts) empty, begin maintenance: kvmbalance hosts disable "
                + "\(hosts)\(flags.config)")
    }

    /// `agreed` is the plan that was shown for what is left, if nothing has to be settled before it.
    func execute(
        _ run: RunID, recovering: Bool, service: PlanService, agreed: AgreedPlan? = nil
    ) async throws -> Exit {
        let state = try await state(of: run)
        let now = composition.now
        let display = ProgressDisplay(
            state: state, isTerminal: Console.isErrorTerminal, now: now)
        let gate = try await MaintenanceGate(run, state, journal)
        let executor = RunExecutor(
            run: run, machine: RunMachine(state: state, recovering: recovering),
            journal: journal, doors: composition.doors(), clock: WorldClock(now: now),
            observer: display, closure: { try await gate.closure(of: $0) }
        ) { goal, exclusions, state in
            if let plan = agreed?.take() { return plan }
            return try await service.replan(goal, without: exclusions, state: state)
        }
        let signals = SignalWatch(executor)
        let outcome = await executor.execute()
        signals.cancel()
        await display.finish()
        try show(report(run, await executor.state.ending(outcome, at: now())))
        if state.kind == .drain && state.goal == .forward { tellOfMaintenance(state.original) }
        if state.kind == .consolidate, outcome.state == .done { tellOfEmpty(state.original) }
        return outcome.exit
    }
}

extension RunOutcome {
    fileprivate var exit: Exit {
        switch state {
        case .done: .done
        case .failed: .failed
        case .rolledBack: .rolledBack
        case .halted: .halted
        }
    }
}

extension RunState {
    /// The state to show when the journal could not take the end.
    fileprivate func ending(_ outcome: RunOutcome, at time: Timestamp) -> RunState {
        var state = self
        if state.outcome == nil { state.apply(.ended(outcome), at: time) }
        return state
    }
}
