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
        Console.out(isJSON ? try JSON.text(report) : report.text)
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
                    + "'kvmbalance runs abort RUN'", exit: .busy)
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

    func start(_ plan: MigrationPlan, goal: PlanGoal, service: PlanService) async throws -> Exit {
        let run = try await journal.open(
            plan, at: composition.now(), process: ProcessInfo.processInfo.processIdentifier)
        try await settleMaintenance(of: goal, run: run)
        return try await execute(run, recovering: false, service: service)
    }

    /// Goes on with a run that did not end, towards its own goal or another.
    func takeUp(_ run: RunID, to goal: RunGoal?) async throws -> Exit {
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
        let taken = JournalEvent.taken(
            process: ProcessInfo.processInfo.processIdentifier, goal: goal)
        try await journal.append(taken, to: run, at: composition.now())
        let service = try PlanService(composition, policy: nil, plan: before.original)
        let exit = try await execute(run, recovering: true, service: service)
        if goal == .rollback, exit == .rolledBack, before.kind == .drain {
            for host in before.original.hosts { try await journal.clearMaintenance(of: host) }
        }
        // The rollback was what was asked for: that it was reached is success.
        return goal == .rollback && exit == .rolledBack ? .done : exit
    }

    /// Stops the process that drives the run, or settles what a killed one left.
    func abort(_ run: RunID) async throws -> Exit {
        switch try FleetLock.acquire(
            directory: composition.databaseFolder.path, purpose: "runs abort \(run)")
        {
        case .held(let holder):
            guard let process = holder.process, kill(process, SIGTERM) == 0 else {
                throw CommandError(
                    "\(holder.description) can not be told to stop", exit: .failed)
            }
            Console.err("told \(holder.description) to abort its migrations and end")
            return .done
        case .acquired(let lock):
            defer { lock.release() }
            let before = try await state(of: run)
            if let outcome = before.outcome, outcome.state != .halted {
                throw CommandError("run \(run) ended already: \(outcome.state.rawValue)")
            }
            let taken = JournalEvent.taken(
                process: ProcessInfo.processInfo.processIdentifier, goal: .abort)
            try await journal.append(taken, to: run, at: composition.now())
            let service = try PlanService(composition, policy: nil, plan: before.original)
            return try await execute(run, recovering: true, service: service)
        }
    }

    /// `drain` keeps its hosts empty from its start on; `return` gives them back.
    func settleMaintenance(of goal: PlanGoal, run: RunID?) async throws {
        for host in goal.hosts {
            switch goal {
            case .drain:
                try await journal.setMaintenance(
                    MaintenanceEntry(host: host, since: composition.now(), run: run))
            case .return:
                try await journal.clearMaintenance(of: host)
            case .balance: break
            }
        }
    }

    private func execute(
        _ run: RunID, recovering: Bool, service: PlanService
    ) async throws -> Exit {
        let state = try await state(of: run)
        let now = composition.now
        let display = ProgressDisplay(
            state: state, isTerminal: Console.isErrorTerminal, now: now)
        let executor = RunExecutor(
            run: run, machine: RunMachine(state: state, recovering: recovering),
            journal: journal, doors: composition.doors(), clock: WorldClock(now: now),
            observer: display
        ) { goal, exclusions, state in
            try await service.replan(goal, without: exclusions, state: state)
        }
        let signals = SignalWatch(executor)
        let outcome = await executor.execute()
        signals.cancel()
        await display.finish()
        try show(RunReport(run: run, state: await executor.state.ending(outcome, at: now())))
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
