import ClusterModel
import Execution
import Foundation
import Persistence
import Synchronization

/// Taking a run up that did not end, and stopping one.
extension RunService {
    /// Shows what is left of a run, or the way back, asks, and does it; nil is the run's own goal.
    func takeUp(
        _ run: RunID, to goal: RunGoal?, policy: String?, _ acting: ActingOptions
    ) async throws -> Exit {
        let lock = try lockFleet("runs \(goal?.rawValue ?? "resume") \(run)", run: run)
        defer { lock.release() }
        let before = try await state(of: run)
        let goal = goal ?? (before.goal == .abort ? .forward : before.goal)
        if goal == .forward, before.outcome?.state == .done {
            throw CommandError("run \(run) is done: there is nothing to resume")
        }
        if before.outcome?.state == .rolledBack {
            throw CommandError("run \(run) was already rolled back")
        }
        let service = try await planService(for: run, before.original, policy: policy)
        var rest = RunRest(run: run, state: before, goal: goal)
        // A guest may be down or paused until its step is settled: nobody who needs no answer waits.
        if before.openSteps.isEmpty || !acting.yes { await rest.plan(with: service) }
        if acting.dryRun { return try show(rest) }
        guard
            try Consent(acting: acting, isJSON: isJSON).isGiven(
                to: rest.text(width: Console.width), rest.question,
                else: document(of: rest))
        else { return .failed }
        return try await goOn(with: rest, service)
    }

    private func show(_ rest: RunRest) throws -> Exit {
        let text = rest.text(width: Console.width)
        if isJSON {
            Console.err(text)
            try Console.outJSON(document(of: rest))
        } else {
            Console.out(text)
        }
        return rest.plan?.outcome == .infeasible ? .infeasible : .done
    }

    private func document(of rest: RunRest) -> any Encodable {
        if let plan = rest.plan { return plan }
        return report(rest.run, rest.state)
    }

    private func goOn(with rest: RunRest, _ service: PlanService) async throws -> Exit {
        let (run, before, goal) = (rest.run, rest.state, rest.goal)
        try await take(run, to: goal)
        if goal == .forward {
            // It may have been killed between its first record and this.
            try await settleMaintenance(of: service.goal(of: before.original), run: run)
        }
        let exit = try await execute(
            run, recovering: true, service: service,
            agreed: before.openSteps.isEmpty ? rest.plan.map { AgreedPlan($0) } : nil)
        if goal == .rollback, exit == .rolledBack, before.kind == .drain {
            // Maintenance that somebody else began is theirs to end.
            for entry in try await journal.maintenance() where entry.run == run {
                try await journal.clearMaintenance(of: entry.host)
            }
        }
        // The rollback was what was asked for: that it was reached is success.
        return goal == .rollback && exit == .rolledBack ? .done : exit
    }

    private func take(_ run: RunID, to goal: RunGoal) async throws {
        let taken = JournalEvent.taken(
            process: ProcessInfo.processInfo.processIdentifier, goal: goal)
        try await journal.append(taken, to: run, at: composition.now())
    }

    /// Stops the process that drives this run, or settles what a killed one left.
    func abort(_ run: RunID) async throws -> Exit {
        let found = try await state(of: run)
        if let outcome = found.outcome, outcome.state != .halted {
            throw CommandError(
                "run \(run) has already ended (\(outcome.state.rawValue)): nothing to abort")
        }
        switch try FleetLock.acquire(
            directory: composition.databaseFolder.path, purpose: "runs abort \(run)", run: run)
        {
        case .held(let holder):
            try stop(holder, of: run)
            if isJSON { try show(report(run, found)) }
            return .done
        case .acquired(let lock):
            defer { lock.release() }
            let before = try await state(of: run)
            try await take(run, to: .abort)
            return try await execute(
                run, recovering: true,
                service: PlanService(composition, settling: before.original))
        }
    }

    /// Tells the process to abort, if it is this run that it drives.
    private func stop(_ holder: FleetLock.Holder, of run: RunID) throws {
        guard holder.run == run else {
            throw CommandError(
                "run \(run) was not aborted: the fleet is held by \(holder.description), which does "
                    + "not drive run \(run). Wait for that, or " + wayToStop(holder), exit: .busy)
        }
        // Anything but another process's number would reach whole groups of processes.
        guard let process = holder.process, process > 1, kill(process, SIGTERM) == 0 else {
            throw CommandError(
                "\(holder.description) holds the fleet and cannot be signalled: end it by "
                    + "hand, then try again", exit: .failed)
        }
        Console.err("told \(holder.description) to abort its migrations and end")
    }
}

/// The plan that a person has agreed to: it stands for the first one that the run asks for.
final class AgreedPlan: Sendable {
    private let plan: Mutex<MigrationPlan?>

    init(_ plan: MigrationPlan) { self.plan = Mutex(plan) }

    func take() -> MigrationPlan? {
        plan.withLock { plan in
            defer { plan = nil }
            return plan
        }
    }
}
