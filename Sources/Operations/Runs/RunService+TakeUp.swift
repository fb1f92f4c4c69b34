import ClusterModel
package import Execution
import Foundation
import Persistence
import Synchronization

/// Taking a run up that did not end, and stopping one.
extension RunService {
    /// Works out what is left of a run, or the way back, and does it where that is agreed to.
    /// `goal` nil is the run's own; `policy` nil is the one that it was planned under.
    ///
    /// What is left is planned before the question, unless steps are open and nobody is asked
    /// (`isAsked`): a guest may be down or paused until its step is settled.
    package func takeUp(
        _ run: RunID, to goal: RunGoal?, policy: String?, isAsked: Bool,
        if agreed: (RunRest) async throws -> Bool
    ) async throws -> RunEnding? {
        let lock = try lockFleet("runs \(goal?.rawValue ?? "resume") \(run)", run: run)
        defer { lock.release() }
        return try await takeUpLocked(run, to: goal, policy: policy, isAsked: isAsked, if: agreed)
    }

    /// The same for whoever holds the fleet already.
    func takeUpLocked(
        _ run: RunID, to goal: RunGoal?, policy: String?, isAsked: Bool,
        if agreed: (RunRest) async throws -> Bool
    ) async throws -> RunEnding? {
        let before = try await state(of: run)
        // Which machines they were is in the journal, and so is what happened on them.
        observer.hosts.expect(before.hostUUIDs)
        let goal = goal ?? (before.goal == .abort ? .forward : before.goal)
        if goal == .forward, before.outcome?.state == .done {
            throw CommandError("run \(run) is done: there is nothing to resume")
        }
        if before.outcome?.state == .rolledBack {
            throw CommandError("run \(run) was already rolled back")
        }
        let service = try await planService(for: run, before.original, policy: policy)
        var rest = RunRest(run: run, state: before, goal: goal)
        if before.openSteps.isEmpty || isAsked { await rest.plan(with: service) }
        guard try await agreed(rest) else { return nil }
        return try await goOn(with: rest, service)
    }

    private func goOn(with rest: RunRest, _ service: PlanService) async throws -> RunEnding {
        let (run, before, goal) = (rest.run, rest.state, rest.goal)
        let hosts = before.unfinishedHosts.union(rest.plan?.touchedHosts ?? [])
        let leases = try await demandLeases(on: hosts, for: "run \(run), \(goal.rawValue)")
        try await take(run, to: goal)
        if goal == .forward {
            // It may have been killed between its first record and this.
            try await settleMaintenance(
                of: service.goal(of: before.original), run: run, goingOn: before)
        }
        var ending = try await execute(
            run, recovering: true, service: service, leases: leases,
            agreed: before.openSteps.isEmpty ? rest.plan.map { AgreedPlan($0) } : nil)
        guard goal == .rollback, ending.exit == .rolledBack else { return ending }
        if before.kind == .drain {
            // Maintenance that somebody else began is theirs to end.
            for entry in try await journal.maintenance() where entry.run == run {
                try await journal.clearMaintenance(of: entry.host)
            }
        }
        // The rollback was what was asked for: that it was reached is success.
        ending.exit = .done
        return ending
    }

    private func take(_ run: RunID, to goal: RunGoal) async throws {
        let taken = JournalEvent.taken(
            process: ProcessInfo.processInfo.processIdentifier, goal: goal)
        try await journal.append(taken, to: run, at: now())
    }

    /// What came of an abort.
    package enum Abort: Sendable {
        /// The process that drives the run was asked to; this is the run as it was then.
        case told(RunReport)
        /// Nobody drove it any more: what was open is settled.
        case ended(RunEnding)
        /// Its records cannot be read: it is said to be over, and nothing was looked at.
        case givenUp(RunID, reason: String)
    }

    /// Stops the process that drives this run, or settles what a killed one left.
    package func abort(_ run: RunID) async throws -> Abort {
        let found: RunState
        do {
            found = try await state(of: run)
        } catch let error as StoreError where error.kind == .corrupt {
            return try await giveUp(run, error)
        }
        if let outcome = found.outcome, outcome.state != .halted {
            throw CommandError(
                "run \(run) has already ended (\(outcome.state.rawValue)): nothing to abort")
        }
        switch try FleetLock.acquire(
            directory: observer.stores.directory, purpose: "runs abort \(run)", run: run)
        {
        case .held(let holder):
            try signal(SIGTERM, to: holder, of: run)
            await progress.observe(.toldToAbort(holder.description))
            return .told(RunReport(run: run, state: found))
        case .acquired(let lock):
            defer { lock.release() }
            return .ended(try await settle(run))
        }
    }

    /// Ends what a process that was killed left open, for whoever holds the fleet.
    func settle(_ run: RunID) async throws -> RunEnding {
        let before = try await state(of: run)
        observer.hosts.expect(before.hostUUIDs)
        let leases = try await askForLeases(on: before.unfinishedHosts, for: "runs abort \(run)")
        try await take(run, to: .abort)
        return try await execute(
            run, recovering: true, service: PlanService(observer, settling: before.original),
            leases: leases)
    }

    /// So that it is no longer named at each command.
    private func giveUp(_ run: RunID, _ error: StoreError) async throws -> Abort {
        let lock = try lockFleet("runs abort \(run)", run: run)
        defer { lock.release() }
        let reason = "given up, because its records cannot be read: \(error)"
        try await journal.append(
            .ended(RunOutcome(.failed, reason: reason)), to: run, at: now())
        return .givenUp(run, reason: reason)
    }

    /// Tells the process to abort or to stop, if it is this run that it drives.
    func signal(_ signal: Int32, to holder: FleetLock.Holder, of run: RunID) throws {
        let deed = signal == SIGTERM ? "aborted" : "stopped"
        guard holder.origin?.isHere ?? true else {
            throw CommandError(
                "run \(run) was not \(deed): the fleet is held by \(holder.description), which "
                    + "runs on another machine or was started before this one booted: do it "
                    + "there", exit: .busy)
        }
        guard holder.drives(run) else {
            throw CommandError(
                "run \(run) was not \(deed): the fleet is held by \(holder.description), which "
                    + "does not drive run \(run). Wait for that, or "
                    + wayToStop(holder), exit: .busy)
        }
        guard holder.send(signal) else {
            throw CommandError(
                "\(holder.description) holds the fleet and cannot be signalled: end it by "
                    + "hand, then try again", exit: .failed)
        }
    }
}

extension RunState {
    /// Hosts on which something is open or still to be done.
    fileprivate var unfinishedHosts: Set<HostName> {
        steps.reduce(into: []) { hosts, step in
            switch step.status {
            case .running, .pending:
                hosts.formUnion([step.step.move.source, step.step.move.target])
            case .done, .skipped, .failed, .compensated: break
            }
        }
    }
}

/// The plan that a person has agreed to: it stands for the first one that the run asks for.
final class AgreedPlan: Sendable {
    private let plan: Mutex<MigrationPlan?>
    /// To what share of their CPUs it fills hosts; see `MigrationPlan`.
    let cpuShare: Int64?

    init(_ plan: MigrationPlan) {
        self.plan = Mutex(plan)
        cpuShare = plan.cpuShare
    }

    func take() -> MigrationPlan? {
        plan.withLock { plan in
            defer { plan = nil }
            return plan
        }
    }
}
