import ArgumentParser
import ClusterModel

/// `kvmbalance plan drain|return|balance|consolidate|rolling-reboot`: shows a plan and touches nothing.
struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Show a plan without carrying it out.",
        subcommands: [
            PlanDrainCommand.self, PlanReturnCommand.self, PlanBalanceCommand.self,
            PlanConsolidateCommand.self, PlanRollingRebootCommand.self,
        ])
}

/// `kvmbalance plan drain HOST…`.
struct PlanDrainCommand: FleetCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain", abstract: "Show the plan to empty these hosts.")

    @Argument(help: "The hosts to empty.") var hosts: [String]
    @OptionGroup var planning: PlanningOptions
    @OptionGroup var migration: MigrationFlags
    @Option(help: "Save the plan to this file, for 'apply'.") var save: String?
    @OptionGroup var options: GlobalOptions

    func execute() async throws -> Exit {
        let composition = try Composition(options)
        let service = try PlanService(composition, planning, migration)
        let plan = try await service.plan(
            .drain(hosts.map { HostName($0) }, bestEffort: planning.bestEffort))
        return try show(plan, save: save, policy: planning.policy)
    }
}

/// `kvmbalance plan return HOST…`.
struct PlanReturnCommand: FleetCommand {
    static let configuration = CommandConfiguration(
        commandName: "return", abstract: "Show the plan to bring a drain's domains back.")

    @Argument(help: "The hosts that were drained.") var hosts: [String]
    @OptionGroup var planning: PlanningOptions
    @OptionGroup var migration: MigrationFlags
    @Option(help: "Save the plan to this file, for 'apply'.") var save: String?
    @OptionGroup var options: GlobalOptions

    func execute() async throws -> Exit {
        let composition = try Composition(options)
        let service = try PlanService(composition, planning, migration)
        let plan = try await service.plan(.return(hosts.map { HostName($0) }))
        return try show(plan, save: save, policy: planning.policy)
    }
}

extension FleetCommand {
    /// Prints a plan, saves it when asked, and says with the exit code whether it can be done.
    /// `policy` is the policy file of the command line.
    func show(_ plan: MigrationPlan, save: String?, policy: String? = nil) throws -> Exit {
        if let save { try JSON.save(plan, to: save) }
        if isJSON {
            try Console.outJSON(plan)
        } else {
            Console.out(PlanText(plan: plan, width: Console.width).text)
        }
        if let save, plan.outcome == .plan {
            let flags = [("policy", policy), ("config", options.config)].compactMap { name, file in
                file.map { " --\(name) \(Format.quoted($0))" }
            }
            Console.err(
                "saved; to carry it out: kvmbalance apply \(Format.quoted(save))\(flags.joined())")
        }
        return plan.outcome == .infeasible ? .infeasible : .done
    }
}
