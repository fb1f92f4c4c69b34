import ArgumentParser
import Foundation
import TestSupport

/// `fuzz`: random problems, planner against judge and exhaustive search.
struct FuzzBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fuzz",
        abstract: "Plan random problems; the judge and exhaustive search must agree.",
        discussion: """
            Each problem is made from its number alone: --seed S --count 1 repeats problem S. The \
            digest is over the bytes of all plans: two processes must print the same.
            """)

    /// What the last line says.
    struct Report: Encodable {
        var count: Int
        var failures: Int
        var digest: String
        var problems_per_cpu_second: Double
        var cpu_seconds: Double
        var peak_bytes: Int
    }

    @Option(help: "How many problems.") var count = 10_000
    @Option(help: "Number of the first problem.") var seed: UInt64 = 1
    @Option(help: "Search drains exhaustively up to this many placements.") var placements = 5000
    @Option(help: "Say on standard error how far it is, every so many problems.") var progress = 0

    @Flag(help: "Show the problems.") var show = false

    func run() throws {
        let meter = Meter()
        var run = FuzzRun(placementsAtMost: placements)
        var told = 0
        for number in seed..<(seed + UInt64(max(0, count))) {
            if show { Self.show(FuzzProblem(number: number)) }
            run.look(at: number)
            for failure in run.failures[told...] { print(failure) }
            told = run.failures.count
            let done = Int(number - seed) + 1
            if progress > 0, done % progress == 0 {
                FileHandle.standardError.write(
                    Data("\(done) done, \(told) failures, \(meter.cpuSeconds) CPU s\n".utf8))
            }
        }
        for (name, count) in run.counts.sorted(by: { $0.key < $1.key }) {
            print(name.padding(toLength: 44, withPad: " ", startingAt: 0) + "\(count)")
        }
        let seconds = meter.cpuSeconds
        let report = Report(
            count: count, failures: told, digest: run.digest,
            problems_per_cpu_second: (Double(count) / max(seconds, 0.001)).rounded(),
            cpu_seconds: seconds, peak_bytes: Meter.peakBytes)
        try Printout.lastLine(report)
        if told > 0 { throw ExitCode.failure }
    }

    private static func show(_ problem: FuzzProblem) {
        print("problem \(problem.number)\n\(problem)")
        if let variation = problem.variation {
            print("\(variation)\n\(problem.varied(variation))")
        }
    }
}
