import ArgumentParser
import ClusterModel
import Execution
import Persistence

/// `kvmbalance runs accuracy`.
struct RunsAccuracyCommand: FleetCommand {
    static let configuration = CommandConfiguration(
        commandName: "accuracy",
        abstract: "How far estimates were off, over all migrations in the journal.")
    @Option(help: "Only runs from this number on.") var since: Int64?
    @OptionGroup var options: GlobalOptions

    func execute() async throws -> Exit {
        let journal = try Composition(options).journal()
        let first = RunID(since ?? 0)
        let open = try await journal.openRuns().filter { $0.run >= first }
        let history = TransferHistory(
            try await journal.transfers(since: first) + open.flatMap { $1.transfers(of: $0) })
        let report = AccuracyReport(history)
        if isJSON { try Console.outJSON(report) } else { Console.out(report.text) }
        return .done
    }
}
