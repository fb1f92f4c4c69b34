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
            InitCommand.self, HostsCommand.self, CollectCommand.self, StatusCommand.self,
            SnapshotCommand.self,
            PlanCommand.self, DrainCommand.self, MoveCommand.self, ReturnCommand.self,
            RebootCommand.self, BalanceCommand.self, ConsolidateCommand.self,
            PlaceCommand.self, HeadroomCommand.self, ApplyCommand.self, RunsCommand.self,
            ExplainCommand.self,
            RecordCommand.self, SimulateCommand.self, BacktestCommand.self, ImportCommand.self,
            SimulatedFleetCommand.self, DemoCommand.self,
        ])

    package static let version = "0.1.0"

    package init() {}

    /// Does what the command line says and ends the process. A wrong one is shown like every other
    /// error: it may have been pasted, or made of others' names.
    package static func begin() async -> Never {
        do {
            var command = try await asyncParseAsRoot(nil)
            if var waiting = command as? any AsyncParsableCommand {
                try await waiting.run()
            } else {
                try command.run()
            }
        } catch {
            let code = exitCode(for: error)
            // Help and completions are our own text.
            guard code != .success else { exit(withError: error) }
            let message = fullMessage(for: error)
            if !message.isEmpty { Console.err(message) }
            exit(withError: code)
        }
        exit()
    }
}
