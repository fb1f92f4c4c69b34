import ArgumentParser
import ClusterModel
import Execution

/// `kvmbalance runs accuracy`.
struct RunsAccuracyCommand: FleetCommand {
    static let configuration = CommandConfiguration(
        commandName: "accuracy",
        abstract: "Errors of estimates, over all migrations in the journal.")
    @Option(help: "Only runs from this number on.") var since: Int64?
    @OptionGroup var options: GlobalOptions

    func execute() async throws -> Exit {
        let runs = try await Composition(options).runStates()
        let history = TransferHistory(runs.filter { $0.run.rawValue >= since ?? 0 })
        let report = AccuracyReport(history)
        if isJSON { try Console.outJSON(report) } else { Console.out(report.text) }
        return .done
    }
}
