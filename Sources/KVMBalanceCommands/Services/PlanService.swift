import ClusterModel
import Execution
import Foundation
import Persistence
import PlacementPolicy
import PlanChecking
import Planning

/// Makes plans and has every one of them accepted by the judge before it is shown or run.
struct PlanService: Sendable {
    let composition: Composition
    private(set) var policy: Policy
    /// The file that it is from; nil for the built-in one.
    let policyFile: String?
    private let snapshotFile: String?
    let seed: UInt64
    private let bestEffort: Bool

    init(
        _ composition: Composition, _ planning: PlanningOptions, _ migration: MigrationFlags
    ) throws {
        self.composition = composition
        var policy = try composition.policy(planning.policy)
        policy.migration = migration.applied(to: policy.migration)
        if let rule = MigrationRules.broken(by: policy.migration).first {
            throw CommandError(
                "\(rule.text(in: .commandLine)) One of them may be the policy's: see 'migration' "
                    + "in \(planning.policy ?? "its file")", exit: .usage)
        }
        self.policy = policy
        policyFile = composition.policyFile(planning.policy)
        snapshotFile = planning.snapshot
        seed = planning.seed
        bestEffort = planning.bestEffort
        for warning in policy.warnings { Console.err("warning: \(warning)") }
    }

    /// For a plan that exists already: its own options and limits go with it.
    init(_ composition: Composition, policy path: String?, plan: MigrationPlan) throws {
        self.composition = composition
        var policy = try composition.policy(path)
        guard policy.name == plan.policy || plan.policy.isEmpty else {
            throw CommandError(
                "it was planned under policy '\(plan.policy)', and the policy at hand is "
                    + "'\(policy.name)', which may differ: name the right file with "
                    + "--policy")
        }
        policy.migration = plan.options
        policy.limits = plan.limits
        self.policy = policy
        policyFile = composition.policyFile(path)
        snapshotFile = nil
        seed = plan.seed
        bestEffort = !plan.blockers.isEmpty
        for warning in policy.warnings { Console.err("warning: \(warning)") }
    }

    /// For a run that is aborted: nothing is planned for it any more, so any policy will do.
    init(_ composition: Composition, settling plan: MigrationPlan) {
        self.composition = composition
        policy = Policy.default
        policyFile = nil
        snapshotFile = nil
        seed = plan.seed
        bestEffort = true
    }

    func plan(_ goal: PlanGoal) async throws -> MigrationPlan {
        let snapshot = try await observe(goal, naming: goal.hosts)
        let request = try await request(goal, without: [])
        let known = ConvergenceForecast.blocking(in: snapshot, under: policy)
        let draft = Planner.proposal(request, from: known, under: policy, seed: seed)
        guard snapshotFile == nil,
            let measured = try await measured(for: draft.plan, in: snapshot)
        else { return try judged(draft.plan, request, goal.hosts, known) }
        let world = ConvergenceForecast.blocking(in: measured, under: policy)
        let isSame = zip(known.domains, world.domains).allSatisfy {
            $0.facts.blockers == $1.facts.blockers
        }
        guard isSame else { return try judged(request, goal.hosts, measured) }
        return try judged(draft.timed(by: world), request, goal.hosts, world)
    }

    /// Rounds in which these hosts, or all, can be rebooted.
    func rollingReboot(_ hosts: [HostName]) async throws -> RollingReboot {
        let snapshot = try await observe(.balance(maxMoves: nil), naming: hosts)
        let reboot = Planner.rollingReboot(
            hosts.isEmpty ? nil : hosts, bestEffort: bestEffort, from: snapshot, under: policy,
            seed: seed)
        try refuse(PlanChecker.check(reboot, on: snapshot, under: policy))
        return reboot
    }

    /// The world for this goal, in which these hosts must be known.
    private func observe(
        _ goal: PlanGoal, naming hosts: [HostName]
    ) async throws -> ClusterSnapshot {
        if snapshotFile == nil { try composition.require(hosts: hosts) }
        let snapshot = try await observe(goal)
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
    func frontier(maxMoves: Int?) async throws -> [BalanceOption] {
        let snapshot = try await observe(.balance(maxMoves: maxMoves))
        return Planner.frontier(
            .balance(maxMoves: maxMoves), from: snapshot, under: policy, seed: seed)
    }

    /// A plan for what is left of a run.
    func replan(
        _ runGoal: RunGoal, without exclusions: [Exclusion], state: RunState
    ) async throws -> MigrationPlan {
        let hosts = composition.fleet.hosts.map(\.name)
        let forbidden = exclusions.flatMap { exclusion in
            (exclusion.target.map { [$0] } ?? hosts).map { ForbiddenTarget(exclusion.domain, $0) }
        }
        switch runGoal {
        case .rollback, .abort:
            let snapshot = try await composition.observe(policy, admitting: state.original.hosts)
            var request = PlanRequest.moves(inverse(of: state), bestEffort: true)
            request.forbidden = forbidden
            return try judged(request, state.original.hosts, snapshot)
        case .forward:
            let goal = self.goal(of: state.original)
            let snapshot = try await observe(goal)
            var service = self
            // What was worth beginning is worth ending, however little is left.
            service.policy.consolidate.minEmptied = 1
            var request = try await request(goal, without: forbidden, except: state)
            if let purpose = state.original.purpose {
                service.policy = Rebalancer.policy(service.policy, for: purpose.aim)
                request.pinned = try await resting(in: snapshot, except: state)
            }
            var plan = try service.judged(request, goal.hosts, snapshot)
            plan.purpose = state.original.purpose
            return plan
        }
    }

    func goal(of plan: MigrationPlan) -> PlanGoal {
        switch plan.kind {
        case .return: .return(plan.hosts)
        case .balance: .balance(maxMoves: nil)
        case .consolidate: .consolidate(plan.hosts)
        case .drain, .rollback:
            .drain(plan.hosts, bestEffort: !plan.blockers.isEmpty || bestEffort)
        }
    }

    /// Holds a saved plan against the world as it is now.
    func recheck(_ plan: MigrationPlan, from file: String) async throws {
        let snapshot = try await observe(goal(of: plan))
        let differences = PlanWorld.differences(between: plan, and: snapshot)
        guard differences.isEmpty else {
            throw CommandError(
                "\(file) no longer matches the fleet, nothing was done:\n  "
                    + differences.joined(separator: "\n  ")
                    + "\nMake a new plan: kvmbalance plan \(goal(of: plan)) --save \(file)",
                exit: .failed)
        }
        let violations = PlanChecker.check(plan, on: snapshot, under: policy)
        guard violations.isEmpty else {
            throw CommandError(
                "\(file) is not a plan that may be run, nothing was done:\n  "
                    + violations.map { "\($0)" }.joined(separator: "\n  ")
                    + "\nDo not edit plans: kvmbalance plan \(goal(of: plan)) --save \(file)",
                exit: .failed)
        }
    }

    // MARK: Requests

    private func request(
        _ goal: PlanGoal, without forbidden: [ForbiddenTarget], except state: RunState? = nil
    ) async throws -> PlanRequest {
        var request: PlanRequest
        switch goal {
        case .drain(let hosts, let bestEffort):
            request = .drain(hosts, bestEffort: bestEffort)
        case .return(let hosts):
            request = .return(
                try await homecomings(to: hosts, during: state), bestEffort: bestEffort)
        case .balance(let maxMoves):
            request = .balance(maxMoves: maxMoves)
        case .consolidate(let hosts):
            request = .consolidate(only: hosts.isEmpty ? nil : hosts)
        }
        request.forbidden = forbidden
        return request
    }

    private func homecomings(
        to hosts: [HostName], during state: RunState?
    ) async throws -> [Homecoming] {
        let away = AwayList(runs: try await composition.runStates().map(\.state))
        return hosts.flatMap { host in
            away.domains(of: host).map { Homecoming($0.domain, home: host, leftAt: $0.at) }
        }
    }

    /// Every domain that this run moved, back to where it was. One that someone moved on since comes
    /// back as a blocker of the plan: the rollback says what it cannot bring back.
    private func inverse(of state: RunState) -> [Move] {
        state.displacements.map { move in
            Move(domain: move.domain, source: move.target, target: move.source)
        }
    }

    /// The world for this goal: a host that is to be filled again counts as out of maintenance.
    func observe(_ goal: PlanGoal) async throws -> ClusterSnapshot {
        if let snapshotFile {
            return try SnapshotFile.read(snapshotFile)
        }
        switch goal {
        case .drain, .balance, .consolidate: return try await composition.observe(policy)
        case .return(let hosts): return try await composition.observe(policy, admitting: hosts)
        }
    }

    private func judged(
        _ request: PlanRequest, _ hosts: [HostName], _ snapshot: ClusterSnapshot
    ) throws -> MigrationPlan {
        let snapshot = ConvergenceForecast.blocking(in: snapshot, under: policy)
        let plan = Planner.plan(request, from: snapshot, under: policy, seed: seed)
        return try judged(plan, request, hosts, snapshot)
    }

    private func judged(
        _ plan: MigrationPlan, _ request: PlanRequest, _ hosts: [HostName],
        _ snapshot: ClusterSnapshot
    ) throws -> MigrationPlan {
        let plan = plan.blocked(
            byUnreachable: plan.kind == .drain ? hosts : [], of: snapshot,
            bestEffort: request.isBestEffort)
        try refuse(PlanChecker.check(plan, on: snapshot, under: policy))
        return plan
    }

    func refuse(_ violations: [Violation]) throws {
        guard violations.isEmpty else {
            throw CommandError(
                "the plan was refused by the checker, which is a bug in kvmbalance; nothing was "
                    + "done. Please report it with the output of 'kvmbalance snapshot':\n  "
                    + violations.map { "\($0)" }.joined(separator: "\n  "), exit: .failed)
        }
    }
}

extension PlanRequest {
    fileprivate var isBestEffort: Bool {
        switch goal {
        case .drain(_, let bestEffort), .return(_, let bestEffort), .moves(_, let bestEffort):
            bestEffort
        case .balance, .consolidate: false
        }
    }
}
