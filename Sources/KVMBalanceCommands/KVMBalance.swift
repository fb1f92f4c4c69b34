package import ArgumentParser

/// The `kvmbalance` command.
package struct KVMBalance: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "kvmbalance",
        abstract: "Plans and carries out migrations between plain libvirt/KVM hosts.",
        discussion: """
            Exit codes: 0 done or nothing to do, 1 failed (every domain is in a known place, some \
            may have moved), 3 infeasible (blockers are listed), 4 failed and rolled back, 5 \
            halted, or an interrupted run is waiting (needs attention: runs show), 64 usage, 75 \
            another run holds the fleet.
            """,
        version: KVMBalance.version,
        subcommands: [
            HostsCommand.self, CollectCommand.self, StatusCommand.self, SnapshotCommand.self,
            PlanCommand.self, DrainCommand.self, ReturnCommand.self, BalanceCommand.self,
            ConsolidateCommand.self, ApplyCommand.self, RunsCommand.self, ExplainCommand.self,
            RecordCommand.self, SimulateCommand.self, BacktestCommand.self, ImportCommand.self,
            SimulatedFleetCommand.self,
        ])

    package static let version = "0.1.0"

    package init() {}
}
