package import ClusterModel
import Persistence
import PlacementPolicy
import Planning

/// From a goal to its end: plan it, have it agreed to, run it. One such operation holds the fleet
/// from its first look until its run is over.
package struct GoalOperation: Sendable {
    /// What came of it.
    package enum Result: Sendable {
        /// There is nothing to carry out, or nobody asked for more than this plan.
        case shown(MigrationPlan)
        /// It was not agreed to.
        case declined
        /// The timer's rules ask for nothing, for this reason; see `ProgressEvent.decided`.
        case waits(reason: String, overSeconds: Int64?)
        case ended(RunEnding)
    }

    /// Whether this plan is to be carried out.
    package typealias Agreement = (MigrationPlan) async throws -> Bool

    private let plans: PlanService
    private let runs: RunService

    package init(plans: PlanService, runs: RunService) {
        self.plans = plans
        self.runs = runs
    }

    /// Plans for a goal and reaches it. Guests that only jobs keep are waited for as long as
    /// `jobSeconds`, with the fleet held. What would not be over by the deadline is not begun.
    package func carryOut(
        _ goal: PlanGoal, waitingForJobs jobSeconds: Int64? = nil,
        by deadline: DrainDeadline? = nil, if agreed: Agreement
    ) async throws -> Result {
        let lock = try runs.lockFleet("\(goal)")
        defer { lock.release() }
        try await runs.refuseUnfinishedRun()
        try await runs.refuseForgottenGuests()
        let observer = plans.observer
        observer.hosts.prepareToLook()
        observer.hosts.prepareToMigrate(from: goal.sources)
        try await runs.refuseHostsOfOthers(goal.hosts)
        if goal.isJudgedByLoad { try await observer.refuseOldSamples(plans.policy) }
        // After the deadline there is nothing to wait for.
        let left = deadline.map { max(1, $0.left(at: observer.now()) / 1000) }
        let made = try await plans.waitingForJobs(jobSeconds.map { min($0, left ?? $0) }) {
            try await plans.plan(goal)
        } awaiting: {
            $0.blockers.awaited(bestEffort: plans.isBestEffort(goal))
        }
        let plan = try await plans.held(made, to: deadline, for: goal)
        guard plan.outcome == .plan else {
            if plan.outcome == .nothingToDo {
                try await runs.settleMaintenance(of: goal, run: nil)
                try await observer.hosts.refuseOccupied(plan)
            }
            return .shown(plan)
        }
        guard try await agreed(plan) else { return .declined }
        let watching = try deadline.map { deadline in
            try runs.told(
                by: DeadlineWatch(
                    deadline, next: runs.progress, flags: runs.flags, now: observer.now))
        }
        return .ended(
            try await (watching ?? runs).start(plan, goal: goal, service: plans, lock: lock))
    }

    /// Carries out a plan that was read from this file, if the world still is the one it was made
    /// for; `isShownOnly` ends before anything is done.
    package func apply(
        _ plan: MigrationPlan, from file: String, isShownOnly: Bool, if agreed: Agreement
    ) async throws -> Result {
        let lock = try runs.lockFleet("apply \(file)")
        defer { lock.release() }
        try await runs.refuseUnfinishedRun()
        try await runs.refuseForgottenGuests()
        let plan = try await plans.recheck(plan, from: file)
        if isShownOnly { return .shown(plan) }
        guard try await agreed(plan) else { return .declined }
        return .ended(
            try await runs.start(plan, goal: plans.goal(of: plan), service: plans, lock: lock))
    }

    /// One call of the timer: look, remember, and act only where the policy's rules say so. With
    /// `isShownOnly` nothing is done and nothing is remembered.
    package func tick(isShownOnly: Bool, if agreed: Agreement) async throws -> Result {
        let lock = try runs.lockFleet("balance --timer")
        defer { lock.release() }
        try await runs.refuseUnfinishedRun()
        try await runs.refuseForgottenGuests()
        try await plans.observer.refuseOldSamples(plans.policy)
        let journal = runs.journal
        let before = try await journal.remembered(RebalanceState.name, as: RebalanceState.self)
        var memory = before ?? RebalanceState()
        let looked = try await plans.decide(&memory)
        switch looked.decision {
        case .wait(let reason):
            if !isShownOnly { try await journal.remember(memory, as: RebalanceState.name) }
            return .waits(reason: reason, overSeconds: looked.overSeconds)
        case .plan(let plan, let reason):
            await runs.progress.observe(.decided(reason: reason, overSeconds: looked.overSeconds))
            if isShownOnly { return .shown(plan) }
            guard try await agreed(plan) else { return .declined }
            return .ended(
                try await runs.start(
                    plan, goal: plans.goal(of: plan), service: plans, lock: lock,
                    remembering: memory))
        }
    }
}
