import ArgumentParser
import ClusterModel
import Persistence

/// The flags of a command that acts.
struct ActingOptions: ParsableArguments {
    @Flag(name: [.short, .long], help: "Do not ask.") var yes = false
    @Flag(help: "Stop after showing the plan.") var dryRun = false
}

/// `kvmbalance drain HOST…`: empties hosts and keeps them empty until `return` or `hosts enable`.
struct DrainCommand: FleetCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain", abstract: "Empty hosts of their running domains, for maintenance.")

    @Argument(help: "The hosts to empty.") var hosts: [String]
    @OptionGroup var acting: ActingOptions
    @OptionGroup var planning: PlanningOptions
    @OptionGroup var migration: MigrationFlags
    @OptionGroup var options: GlobalOptions

    func execute() async throws -> Exit {
        let goal = PlanGoal.drain(hosts.map { HostName($0) }, bestEffort: planning.bestEffort)
        return try await act(goal, acting, planning, migration)
    }
}

/// `kvmbalance return HOST…`: brings back exactly what the drain took away.
struct ReturnCommand: FleetCommand {
    static let configuration = CommandConfiguration(
        commandName: "return",
        abstract: "Bring back the domains that a drain moved away from these hosts.")

    @Argument(help: "The hosts that were drained.") var hosts: [String]
    @OptionGroup var acting: ActingOptions
    @OptionGroup var planning: PlanningOptions
    @OptionGroup var migration: MigrationFlags
    @OptionGroup var options: GlobalOptions

    func execute() async throws -> Exit {
        try await act(.return(hosts.map { HostName($0) }), acting, planning, migration)
    }
}

extension FleetCommand {
    /// Plan it, show it, ask, run it.
    func act(
        _ goal: PlanGoal, _ acting: ActingOptions, _ planning: PlanningOptions,
        _ migration: MigrationFlags
    ) async throws -> Exit {
        if planning.snapshot != nil, !acting.dryRun {
            throw CommandError(
                "a saved snapshot can be planned from but not executed: add --dry-run, or "
                    + "leave out --snapshot")
        }
        let composition = try Composition(options)
        let service = try PlanService(composition, planning, migration)
        guard !acting.dryRun else { return try show(try await service.plan(goal), save: nil) }

        var runner = try RunService(composition, isJSON: isJSON)
        runner.flags = CommandFlags(migration, planning, options)
        let lock = try runner.lockFleet("\(goal)")
        defer { lock.release() }
        try await runner.refuseUnfinishedRun()
        composition.prepareToMigrate(from: goal.sources)
        if goal.isJudgedByLoad { try await composition.refuseOldSamples(service.policy) }
        let plan = try await service.plan(goal)
        guard plan.outcome == .plan else {
            if plan.outcome == .nothingToDo {
                try await runner.settleMaintenance(of: goal, run: nil)
                try await composition.refuseOccupied(goal)
            }
            return try show(plan, save: nil)
        }
        guard try agreed(to: plan, acting) else { return .failed }
        return try await runner.start(plan, goal: goal, service: service, lock: lock)
    }

    /// Shows the plan and asks, unless told not to. Where the answer is no, the plan is the result.
    func agreed(to plan: MigrationPlan, _ acting: ActingOptions) throws -> Bool {
        try Consent(acting: acting, isJSON: isJSON).isGiven(
            to: PlanText(plan: plan, width: Console.width).text,
            "Carry out \(Format.plural(plan.steps.count, "migration"))?", else: plan)
    }
}
