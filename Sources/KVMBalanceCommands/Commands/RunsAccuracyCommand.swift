import ArgumentParser
import ClusterModel
import Execution
import Operations
import Rendering

/// `kvmbalance runs accuracy`.
struct RunsAccuracyCommand: FleetCommand {
    static let configuration = CommandConfiguration(
        commandName: "accuracy",
        abstract: "Errors of estimates, over all migrations in the journal.")
    @Option(help: "Only runs from this number on.") var since: Int64?
    @OptionGroup var options: GlobalOptions

    func execute() async throws -> Exit {
        let report = try await Composition(options).runs().accuracy(since: RunID(since ?? 0))
        if isJSON { try Console.outJSON(report) } else { Console.out(report.text) }
        return .done
    }
}
