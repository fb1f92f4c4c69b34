import Actuation
import ClusterModel
import Execution
import Foundation
import Persistence

/// Starts, takes up, shows and stops runs.
struct RunService {
    private let composition: Composition
    private let isJSON: Bool
    private let journal: JournalStore
    /// What commands that are printed after a run must be told.
    var flags = CommandFlags()

    init(_ composition: Composition, isJSON: Bool) throws {
        self.composition = composition
        self.isJSON = isJSON
        journal = try composition.journal()
    }

    // MARK: Looking

    func report(_ run: RunID) async throws -> RunReport {
        RunReport(run: run, state: try await state(of: run))
    }

    func reports() async throws -> [RunReport] {
        try await composition.runStates().reversed().map {
            RunReport(run: $0.run, state: $0.state)
        }
    }

    func show(_ report: RunReport) throws {
        if isJSON { try Console.outJSON(report) } else { Console.out(report.text) }
    }

    func state(of run: RunID) async throws -> RunState {
        guard let found = try await composition.runStates().first(where: { $0.run == run }) else {
            throw CommandError("there is no run \(run); see: kvmbalance runs list")
        }
        return found.state
    }

    // MARK: One at a time

    /// The whole fleet belongs to one run: a second one is refused.
    func lockFleet(_ purpose: String) throws -> FleetLock {
        switch try FleetLock.acquire(directory: composition.databaseFolder.path, purpose: purpose) {
        case .acquired(let lock): return lock
        case .held(let holder):
            throw CommandError(
                "another run holds the fleet: \(holder.description). Wait for it, or stop it with "
                    + "'kvmbalance runs abort' and its number from 'kvmbalance runs list'",
                exit: .busy)
        }
    }

    /// A run that was killed may have left a migration open: that comes first.
    func refuseUnfinishedRun() async throws {
        for (run, state) in try await composition.runStates()
        where state.outcome == nil || state.outcome?.state == .halted {
            let what = state.outcome == nil ? "was killed before it ended" : "was halted"
            throw CommandError(
                "run \(run) (\(state.kind.rawValue)) \(what). Look at it with 'kvmbalance runs show "
                    + "\(run)', then 'runs resume \(run)', 'runs rollback \(run)' or 'runs abort "
                    + "\(run)'", exit: .busy)
        }
    }

    // MARK: Acting

    func start(
        _ plan: MigrationPlan, goal: PlanGoal, service: PlanService, lock: FleetLock
    ) async throws -> Exit {
        let run = try await journal.open(
            plan, at: composition.now(), process: ProcessInfo.processInfo.processIdentifier)
        try lock.describe("run \(run), \(goal)")
        try await settleMaintenance(of: goal, run: run)
        return try await execute(run, recovering: false, service: service)
    }

    /// Goes on with a run that did not end, towards its own goal or another.
    func takeUp(_ run: RunID, to goal: RunGoal?, policy: String?) async throws -> Exit {
        let lock = try lockFleet("runs \(goal?.rawValue ?? "resume") \(run)")
        defer { lock.release() }
        let before = try await state(of: run)
        let goal = goal ?? (before.goal == .abort ? .forward : before.goal)
        if goal == .forward, before.outcome?.state == .done {
            throw CommandError("run \(run) is done: there is nothing to resume")
        }
        if before.outcome?.state == .rolledBack {
            throw CommandError("run \(run) was rolled back already")
        }
        let service = try PlanService(composition, policy: policy, plan: before.original)
        let taken = JournalEvent.taken(
            process: ProcessInfo.processInfo.processIdentifier, goal: goal)
        try await journal.append(taken, to: run, at: composition.now())
        if goal == .forward {
            // It may have been killed between its first record and this.
            try await settleMaintenance(of: service.goal(of: before.original), run: run)
        }
        let exit = try await execute(run, recovering: true, service: service)
        if goal == .rollback, exit == .rolledBack, before.kind == .drain {
            // Maintenance that somebody else began is theirs to end.
            for entry in try await journal.maintenance() where entry.run == run {
                try await journal.clearMaintenance(of: entry.host)
            }
        }
        // The rollback was what was asked for: that it was reached is success.
        return goal == .rollback && exit == .rolledBack ? .done : exit
    }

    /// Stops the process that drives the run, or settles what a killed one left.
    func abort(_ run: RunID, policy: String?) async throws -> Exit {
        let found = try await state(of: run)
        if let outcome = found.outcome, outcome.state != .halted {
            throw CommandError(
                "run \(run) ended already (\(outcome.state.rawValue)): nothing to abort")
        }
        switch try FleetLock.acquire(
            directory: composition.databaseFolder.path, purpose: "runs abort \(run)")
        {
        case .held(let holder):
            // Anything but another process's number would reach whole groups of processes.
            guard let process = holder.process, process > 1, kill(process, SIGTERM) == 0 else {
                throw CommandError(
                    "\(holder.description) holds the fleet and can not be told to stop: end it by "
                        + "hand, then try again", exit: .failed)
            }
            Console.err("told \(holder.description) to abort its migrations and end")
            if isJSON { try show(RunReport(run: run, state: found)) }
            return .done
        case .acquired(let lock):
            defer { lock.release() }
            let before = try await state(of: run)
            let service = try PlanService(composition, policy: policy, plan: before.original)
            let taken = JournalEvent.taken(
                process: ProcessInfo.processInfo.processIdentifier, goal: .abort)
            try await journal.append(taken, to: run, at: composition.now())
            return try await execute(run, recovering: true, service: service)
        }
    }

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
            "to keep \(hosts) empty, or switched off, tell the planner: kvmbalance hosts disable "
                + "\(hosts)\(flags.config)")
    }

    private func execute(
        _ run: RunID, recovering: Bool, service: PlanService
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
            try await service.replan(goal, without: exclusions, state: state)
        }
        let signals = SignalWatch(executor)
        let outcome = await executor.execute()
        signals.cancel()
        await display.finish()
        try show(RunReport(run: run, state: await executor.state.ending(outcome, at: now())))
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
