import ArgumentParser
import BenchmarkModels
import Dispatch
import Foundation
import Planning
import TestSupport

/// `roadef MODEL ASSIGNMENT`: the search itself, on machine reassignment as the ROADEF/EURO
/// challenge 2012 stated it.
struct RoadefBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "roadef",
        abstract: "Reassign machines: an instance of the ROADEF/EURO challenge 2012.",
        discussion: """
            The time limit is wall time and includes reading and checking. With --proposals \
            instead, the same seed gives the same solution. Cost and validity are those of a \
            checker that reads the written solution and shares nothing with the search.
            """)

    /// What the last line says.
    struct Report: Encodable {
        var cost: Int64
        var valid: Bool
        var moves: Int
        var bound: Int64
        var initial_cost: Int64
        var iterations: Int
        var cpu_seconds: Double
        var wall_seconds: Double
        var peak_bytes: Int
    }

    @Argument(help: "The model file.") var model: String
    @Argument(help: "The file of the original assignment.") var assignment: String
    @Option(help: "Seconds, reading and checking included.") var timeLimit: Double = 10
    @Option(help: "Proposals instead of a time limit.") var proposals: Int?
    @Option(help: "CPU seconds instead of wall seconds, for a machine that others use too.")
    var cpuLimit: Double?
    @Option(help: "Seed of the search.") var seed: UInt64 = 0
    @Option(help: "Walks side by side.") var workers = 2
    @Option(help: "Where to write the solution.") var solution: String?

    func run() throws {
        let meter = Meter()
        let read = { (path: String) in try [UInt8](Data(contentsOf: URL(filePath: path))) }
        let instance = try RoadefInstance(model: read(model), assignment: read(assignment))
        let readSeconds = meter.wallSeconds
        let result = search(instance.assignmentProblem, meter, after: readSeconds)
        let searched = meter.wallSeconds
        let text = result.bins.map(String.init).joined(separator: " ") + "\n"
        let path = solution ?? "/dev/null"
        try Data(text.utf8).write(to: URL(filePath: path))
        let written = try instance.machines(of: solution == nil ? [UInt8](text.utf8) : read(path))

        let checker = RoadefChecker(instance)
        let violations = checker.violations(written)
        for violation in violations { print("violation: \(violation)") }
        let report = Report(
            cost: checker.cost(written), valid: violations.isEmpty,
            moves: zip(written, instance.origin).count { $0 != $1 }, bound: checker.lowerBound,
            initial_cost: checker.cost(instance.origin), iterations: result.proposals,
            cpu_seconds: meter.cpuSeconds, wall_seconds: meter.wallSeconds,
            peak_bytes: Meter.peakBytes)
        if result.cost != report.cost {
            print("the search believed in a cost of \(result.cost)")
        }
        let rows: [(String, String)] = [
            ("machines", "\(instance.machines.count)"),
            ("processes", "\(instance.processes.count)"),
            ("initial cost", "\(report.initial_cost)"), ("cost", "\(report.cost)"),
            ("bound", "\(report.bound)"), ("moves", "\(report.moves)"),
            ("proposals", "\(report.iterations)"), ("reading", "\(readSeconds) s"),
            ("searching", "\(searched - readSeconds) s"),
            ("violations", "\(violations.count)"),
        ]
        Printout.table(rows)
        try Printout.lastLine(report)
    }

    /// Leaves a little of the time limit for writing and checking.
    private func search(
        _ problem: AssignmentProblem, _ meter: Meter, after spent: Double
    ) -> AssignmentSearch.Result {
        let clock = ContinuousClock()
        let start = clock.now
        let seconds = max(0.1, timeLimit - spent - 0.05 - 0.5 * spent)
        let effort: SideBySideSearch.Effort =
            if let proposals {
                .proposals(proposals)
            } else if let cpuLimit {
                .until { meter.cpuSeconds / cpuLimit }
            } else {
                .until { (clock.now - start) / .seconds(seconds) }
            }
        return SideBySideSearch(problem, seed: seed, workers: workers).run(effort) { count, job in
            DispatchQueue.concurrentPerform(iterations: count) { job($0) }
        }
    }
}
