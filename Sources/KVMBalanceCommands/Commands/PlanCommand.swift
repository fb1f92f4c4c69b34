import ArgumentParser

/// `kvmbalance plan drain|move|return|balance|consolidate|rolling-reboot`: shows a plan and touches
/// nothing.
struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Show a plan without carrying it out.",
        subcommands: [
            PlanDrainCommand.self, PlanMoveCommand.self, PlanReturnCommand.self,
            PlanBalanceCommand.self,
            PlanConsolidateCommand.self, PlanRollingRebootCommand.self,
        ])
}
