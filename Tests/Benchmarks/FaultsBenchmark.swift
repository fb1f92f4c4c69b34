import ArgumentParser
import FaultScenarios
import Foundation
import Scenarios

/// `faults`: the executor's state machine in virtual time, with everything going wrong that can.
struct FaultsBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "faults",
        abstract: "Play runs with faults drawn at random, and check every rule after every event.",
        discussion: """
            Each seed makes a fleet, a drain, faults and crashes; the same seed makes the same \
            run. A broken rule is printed with its seed and its story, and ends with status 1.
            """)

    /// What the last line says.
    struct Report: Encodable {
        var from: UInt64
        var seeds: Int
        var broken: [UInt64]
        var crashes: Int
        var records: Int
        var outcomes: [String: Int]
        var cpu_seconds: Double
        var wall_seconds: Double
        var per_second: Double
    }

    @Option(help: "How many seeds.") var seeds: UInt64 = 20_000
    @Option(help: "The first seed.") var from: UInt64 = 0
    @Option(help: "How many are played beside each other.") var workers = 2
    @Option(help: "Tell the story of this seed and of no other.") var story: UInt64?
    @Option(help: "Tell the story of this folder of 'simulations' and of no seed.")
    var scenario: String?
    @Flag(help: "Print the recovery table, as 'simulations/RECOVERY.md' has it.")
    var recovery = false

    func run() async throws {
        if let story { return print(FaultScenario(seed: story).story()) }
        if recovery { return print(RecoveryDocument.text, terminator: "") }
        if let scenario { return try play(scenario) }
        let meter = Meter()
        var play = FaultSeeds()
        play.workers = workers
        let tally = await play.play(from..<from + seeds) { tally in
            guard tally.seeds % 100_000 < 200 else { return }
            let rate = Int(Double(tally.seeds) / max(0.001, meter.wallSeconds))
            FileHandle.standardError.write(Data("\(tally.seeds) seeds, \(rate) a second\n".utf8))
        }
        for seed in tally.broken { print(FaultScenario(seed: seed).story()) }
        let wall = meter.wallSeconds
        let report = Report(
            from: from, seeds: tally.seeds, broken: tally.broken, crashes: tally.crashes,
            records: tally.records, outcomes: tally.outcomes, cpu_seconds: meter.cpuSeconds,
            wall_seconds: wall, per_second: Double(tally.seeds) / max(0.001, wall))
        try Printout.lastLine(report)
        if !tally.broken.isEmpty { throw ExitCode(1) }
    }

    private func play(_ folder: String) throws {
        let played = try ScenarioFolder(at: URL(fileURLWithPath: folder)).play()
        print(played.story, terminator: "")
        if !played.violations.isEmpty { throw ExitCode(1) }
    }
}
