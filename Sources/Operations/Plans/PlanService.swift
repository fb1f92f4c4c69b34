package import ClusterModel
import Execution
import Foundation
import Persistence
package import PlacementPolicy
import PlanChecking
package import Planning

/// How a plan is to be made.
package struct PlanningChoices {
    /// A policy file; nil for the fleet file's, or the built-in policy.
    var policy: String?
    /// A saved cluster snapshot to plan for; nil for the hosts as they are.
    var snapshot: String?
    var seed: UInt64
    /// Plan for the domains that can leave, even if others must stay.
    var bestEffort: Bool
    /// What is asked for of migrations, on top of what the policy does.
    var migration: (MigrationOptions) -> MigrationOptions

    package init(
        policy: String?, snapshot: String?, seed: UInt64, bestEffort: Bool,
        migration: @escaping (MigrationOptions) -> MigrationOptions
    ) {
        self.policy = policy
        self.snapshot = snapshot
        self.seed = seed
        self.bestEffort = bestEffort
        self.migration = migration
    }
}

/// Makes plans and has every one of them accepted by the judge before it is shown or run.
package struct PlanService: Sendable {
    private(set) var observer: FleetObserver
    private(set) var policy: Policy
    /// The same before command line or plan had their say.
    package let policyAtHand: Policy
    /// The file that it is from; nil for the built-in one.
    let policyFile: String?
    private let snapshotFile: String?
    /// Is it about a saved world, so that no host is asked?
    var isOfFile: Bool { snapshotFile != nil }
    let seed: UInt64
    private var bestEffort: Bool

    package init(
        _ observer: FleetObserver, _ policies: FleetPolicies, _ choices: PlanningChoices
    ) async throws {
        self.observer = observer
        var policy = try policies.policy(choices.policy)
        policyAtHand = policy
        policy.migration = choices.migration(policy.migration)
        if let rule = MigrationRules.broken(by: policy.migration).first {
            throw CommandError(
                "\(rule.text(in: .commandLine)) One of them may be the policy's: see 'migration' "
                    + "in \(choices.policy ?? "its file")", exit: .usage)
        }
        self.policy = policy
        policyFile = policies.file(choices.policy)
        snapshotFile = choices.snapshot
        seed = choices.seed
        bestEffort = choices.bestEffort
        for warning in policy.warnings { await observer.progress.observe(.warning(warning)) }
    }

    /// For a plan that exists already: its own options and limits go with it. Whether a file may
    /// ask for them is decided by `refuseLooser`.
    package init(
        _ observer: FleetObserver, _ policies: FleetPolicies, policy path: String?,
        plan: MigrationPlan
    ) async throws {
        self.observer = observer
        var policy = try policies.policy(path)
        guard policy.name == plan.policy || plan.policy.isEmpty else {
            throw CommandError(
                "it was planned under policy '\(plan.policy)', and the policy at hand is "
                    + "'\(policy.name)', which may differ: name the right file with "
                    + "--policy")
        }
        policyAtHand = policy
        policy.migration = plan.options
        policy.limits = plan.limits
        self.policy = policy
        policyFile = policies.file(path)
        snapshotFile = nil
        seed = plan.seed
        bestEffort = !plan.blockers.isEmpty
        for warning in policy.warnings { await observer.progress.observe(.warning(warning)) }
    }

    /// For a run that is aborted: nothing is planned for it any more, so any policy will do.
    init(_ observer: FleetObserver, settling plan: MigrationPlan) {
        self.observer = observer
        policy = Policy.default
        policyAtHand = Policy.default
        policyFile = nil
        snapshotFile = nil
        seed = plan.seed
        bestEffort = true
    }

    /// The same, which tells its progress to another one.
    func watching(_ observer: FleetObserver) -> PlanService {
        var service = self
        service.observer = observer
        return service
    }

    /// The same under another policy.
    func under(_ policy: Policy) -> PlanService {
        var service = self
        service.policy = policy
        return service
    }

    /// The same for plans that stop no guest where it is, whatever policy and metadata say.
    var stoppingNobody: PlanService {
        var policy = policy
        policy.migration.unmovable = .off
        return under(policy)
    }

    /// The same for plans that leave behind, and name, what cannot move; or for whole ones.
    func withBestEffort(_ bestEffort: Bool) -> PlanService {
        var service = self
        service.bestEffort = bestEffort
        return service
    }

    /// May guests that cannot move stay behind?
    func isBestEffort(_ goal: PlanGoal) -> Bool {
        switch goal {
        case .drain(_, let bestEffort, _), .move(_, let bestEffort, _): bestEffort
        case .return: bestEffort
        // Who cannot move makes these no worse than they are.
        case .balance, .consolidate: true
        }
    }

    package func plan(_ goal: PlanGoal) async throws -> MigrationPlan {
        let snapshot = try await observe(goal, naming: goal.named)
        let wishes = try goal.wishes(in: snapshot, under: policy)
        let request = try await request(goal, wishes, without: [])
        guard snapshotFile == nil else { return try judged(request, snapshot) }
        // Whoever else the plan turns out to move is measured after it is made.
        let likely = likelyMovers(for: request, in: snapshot) ?? []
        let world = try await measured(likely, in: snapshot) ?? snapshot
        let draft = Planner.proposal(request, from: world, under: policy, seed: seed)
        let others = movers(of: draft.plan).filter { !likely.contains($0) }
        guard let found = try await measured(others, in: world) else {
            return try judged(draft.plan, world, wishes)
        }
        guard let plan = draft.timed(by: found) else { return try judged(request, found) }
        return try judged(plan, found, wishes)
    }

    /// Rounds in which these hosts, or all, can be rebooted.
    /// Whether guests return after each round is the policy's affair, unless `isReturning` says it.
    package func rollingReboot(
        _ hosts: [HostName], isReturning: Bool? = nil
    ) async throws -> RollingReboot {
        var policy = policy
        if let isReturning { policy.reboot.bringBack = isReturning }
        let snapshot = try await observe(.balance(maxMoves: nil), naming: hosts)
        let reboot = Planner.rollingReboot(
            hosts.isEmpty ? nil : hosts, bestEffort: bestEffort, from: snapshot, under: policy,
            seed: seed)
        try refuse(PlanChecker.check(reboot, on: snapshot, under: policy))
        return reboot
    }

    /// Where a guest that does not run could be started; the fleet is only looked at.
    package func placement(of wish: GuestWish) async throws -> GuestPlacement {
        let snapshot = try await observe(.move([], bestEffort: false), naming: [])
        return Planner.placement(
            of: try wish.request(in: snapshot), in: snapshot, under: policy)
    }

    /// The world for this goal, in which these hosts must be known.
    func observe(
        _ goal: PlanGoal, naming hosts: [HostName]
    ) async throws -> ClusterSnapshot {
        if snapshotFile == nil { try observer.hosts.require(hosts) }
        let snapshot = try await observe(goal)
        for host in snapshot.hosts {
            guard let fault = host.fault else { continue }
            await observer.progress.observe(
                .warning("\(host.name) is unreachable, and nothing is planned for it: \(fault)"))
        }
        if let snapshotFile {
            let names = snapshot.hosts.map(\.name)
            for host in hosts where !names.contains(host) {
                let known = names.map(\.rawValue).joined(separator: ", ")
                throw CommandError("there is no host '\(host)' in \(snapshotFile); it has \(known)")
            }
        }
        return snapshot
    }

    /// What each number of moves would buy.
    package func frontier(maxMoves: Int?) async throws -> [BalanceOption] {
        let snapshot = try await observe(.balance(maxMoves: maxMoves))
        return Planner.frontier(
            .balance(maxMoves: maxMoves), from: snapshot, under: policy, seed: seed)
    }

    /// A plan for what is left of a run.
    func replan(
        _ runGoal: RunGoal, without exclusions: [Exclusion], state: RunState
    ) async throws -> MigrationPlan {
        let hosts = observer.hosts.names
        let forbidden = exclusions.flatMap { exclusion in
            (exclusion.target.map { [$0] } ?? hosts).map { ForbiddenTarget(exclusion.domain, $0) }
        }
        switch runGoal {
        case .rollback, .abort:
            let snapshot = try await observer.snapshot(policy, admitting: state.original.hosts)
            var request = PlanRequest.moves(inverse(of: state), bestEffort: true)
            request.forbidden = forbidden
            request.starts = state.stopped.map(\.guest)
            return try judged(request, snapshot)
        case .forward:
            let goal = self.goal(of: state.original)
            let snapshot = try await observe(goal, goingOn: state)
            var service = self
            // What was worth beginning is worth ending, however little is left.
            service.policy.consolidate.minEmptied = 1
            var request = try await request(
                goal, state.original.wishes, without: forbidden, except: state)
            if let purpose = state.original.purpose {
                service.policy = Rebalancer.policy(service.policy, for: purpose.aim)
                request.pinned = try await resting(in: snapshot, except: state)
            }
            var plan = try service.judged(request, snapshot)
            plan.purpose = state.original.purpose
            return plan
        }
    }

    func goal(of plan: MigrationPlan) -> PlanGoal {
        switch plan.kind {
        case .return: .return(plan.hosts)
        case .balance: .balance(maxMoves: nil)
        case .consolidate: .consolidate(plan.hosts)
        case .move:
            .move(
                plan.wishes.moves.map(\.name),
                bestEffort: !plan.blockers.isEmpty || bestEffort, wishes: GoalWishes(plan.wishes))
        case .drain, .rollback:
            .drain(
                plan.hosts, bestEffort: !plan.blockers.isEmpty || bestEffort,
                wishes: GoalWishes(plan.wishes))
        }
    }

    /// Holds a saved plan against the world as it is now. Returns it with the hosts that are out of
    /// reach now: what a file says of them is worth nothing.
    func recheck(_ plan: MigrationPlan, from file: String) async throws -> MigrationPlan {
        let snapshot = try await observe(goal(of: plan))
        let differences =
            try await strangers(startedBy: plan)
            + PlanApplicability.differences(between: plan, and: snapshot)
        guard differences.isEmpty else {
            throw CommandError(
                "\(file) no longer matches the fleet, nothing was done:"
                    + OutsideText.lines(differences)
                    + "\nMake a new plan: kvmbalance plan \(goal(of: plan)) --save \(file)",
                exit: .failed)
        }
        let violations = PlanChecker.check(plan, on: snapshot, under: policy)
        guard violations.isEmpty else {
            throw CommandError(
                "\(file) is not a plan that may be run, nothing was done:"
                    + OutsideText.lines(violations.map { "\($0)" })
                    + "\nDo not edit plans: kvmbalance plan \(goal(of: plan)) --save \(file)",
                exit: .failed)
        }
        var plan = plan
        plan.unreachable = snapshot.hosts.filter { !$0.isReachable }.map(\.name).sorted()
        return plan
    }

    /// A file may ask to start any guest: only those are started that a run has stopped.
    private func strangers(startedBy plan: MigrationPlan) async throws -> [String] {
        let starts = plan.steps.filter(\.mode.startsInPlace)
        guard !starts.isEmpty else { return [] }
        let away = try await DisplacedDomains(
            of: starts.map(\.move.source), in: observer.stores.journal())
        return starts.filter { step in
            away.stops[step.move.domain]?.guest
                != StoppedGuest(
                    step.move.domain, on: step.move.source, isSaved: step.mode == .restore)
        }.map { "'\($0.domainName)' was not stopped on \($0.move.source) by a run" }
    }

    // MARK: Requests

    private func request(
        _ goal: PlanGoal, _ wishes: PlanWishes, without forbidden: [ForbiddenTarget],
        except state: RunState? = nil
    ) async throws -> PlanRequest {
        var request: PlanRequest
        switch goal {
        case .drain(let hosts, let bestEffort, _):
            request = .drain(hosts, wishes: wishes, bestEffort: bestEffort)
            request.stopped = state?.stopped.map(\.guest.domain) ?? []
        case .move(_, let bestEffort, _): request = .move(wishes, bestEffort: bestEffort)
        case .return(let hosts):
            let away = try await DisplacedDomains(of: hosts, in: observer.stores.journal())
            request = .return(away.homecomings(to: hosts), bestEffort: bestEffort)
            request.starts = hosts.flatMap { away.stopped(on: $0) }
        case .balance(let maxMoves):
            request = .balance(maxMoves: maxMoves)
        case .consolidate(let hosts):
            request = .consolidate(only: hosts.isEmpty ? nil : hosts)
        }
        request.forbidden = forbidden
        return request
    }

    /// Every domain that this run moved, back to where it was. One that someone moved on since
    /// comes back as a blocker of the plan: the rollback says what it cannot bring back.
    private func inverse(of state: RunState) -> [Move] {
        state.displacements.map { move in
            Move(domain: move.domain, source: move.target, target: move.source)
        }
    }

    /// The world for this goal: a host that is to be filled again counts as out of maintenance.
    func observe(_ goal: PlanGoal) async throws -> ClusterSnapshot {
        if let snapshotFile {
            return policy.trusted(try SnapshotFile.read(snapshotFile))
        }
        switch goal {
        case .drain, .move, .balance, .consolidate: return try await observer.snapshot(policy)
        case .return(let hosts): return try await observer.snapshot(policy, admitting: hosts)
        }
    }

    /// The same for what is left of a run. A `return` ended the maintenance of its hosts when it
    /// began: what somebody has put there since stays closed.
    private func observe(
        _ goal: PlanGoal, goingOn state: RunState
    ) async throws -> ClusterSnapshot {
        guard case .return(let hosts) = goal else { return try await observe(goal) }
        let entries = try await observer.stores.journal().maintenance()
        let closed = Set(entries.filter { !state.ends($0) }.map(\.host))
        return try await observer.snapshot(policy, admitting: hosts.filter { !closed.contains($0) })
    }

    func judged(
        _ request: PlanRequest, _ snapshot: ClusterSnapshot
    ) throws -> MigrationPlan {
        let plan = Planner.plan(request, from: snapshot, under: policy, seed: seed)
        return try judged(plan, snapshot, request.wishes)
    }

    private func judged(
        _ plan: MigrationPlan, _ snapshot: ClusterSnapshot, _ wishes: PlanWishes
    ) throws -> MigrationPlan {
        try refuse(PlanChecker.check(plan, on: snapshot, under: policy, asked: wishes))
        return plan
    }

    func refuse(_ violations: [Violation]) throws {
        guard violations.isEmpty else {
            throw CommandError(
                "the plan was refused by the checker, which is a bug in kvmbalance; nothing was "
                    + "done. Please report it with the output of 'kvmbalance snapshot':"
                    + OutsideText.lines(violations.map { "\($0)" }), exit: .failed)
        }
    }
}
