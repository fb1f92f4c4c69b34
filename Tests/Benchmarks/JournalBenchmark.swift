import ArgumentParser
import ClusterModel
import Foundation
import Persistence
import TestSupport

/// `journal DIRECTORY`: writes a journal of many ended runs, to measure commands with.
struct JournalBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "journal",
        abstract: "Write a journal of many ended runs.",
        discussion: """
            Every record is written as a run writes it and waits for the disk: let DIRECTORY be in \
            memory (/dev/shm), and copy the journal from there. The snapshot is that of the fleet \
            (kvmbalance snapshot --save FILE): its hosts are drained and filled again by turns.
            """)

    @Argument(help: "Where journal.sqlite goes.") var directory: String
    @Option(help: "Snapshot of the fleet.") var snapshot: String
    @Option(help: "Runs.") var runs = 10_000
    @Option(help: "Steps of each at most.") var steps = 10
    @Option(help: "Runs that differ; planning is dear, so they come again and again.")
    var distinct = 60
    @Option(help: "Seed.") var seed: UInt64 = 1

    private struct Report: Encodable {
        var runs: Int
        var records: Int
        var steps: Int
    }

    func run() async throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: snapshot))
        let world = try JSONDecoder().decode(ClusterSnapshot.self, from: data)
        let journal = try JournalStore(directory: directory)
        var history = MadeUpRuns(world, seed: seed, stepsAtMost: steps)
        var report = Report(runs: runs, records: 0, steps: 0)
        var time = world.observedAt.advanced(byMilliseconds: Int64(runs) * -3_600_000)
        let made = (0..<min(runs, max(1, distinct))).map { _ in history.next() }
        for number in 0..<runs {
            let run = made[number % made.count]
            let id = try await journal.open(run.plan, at: time, process: 1)
            var now = time
            for event in run.events {
                now = now.advanced(byMilliseconds: 5000)
                try await journal.append(event, to: id, at: now)
            }
            report.records += run.events.count + 2
            report.steps += run.plan.steps.count
            time = time.advanced(byMilliseconds: 3_600_000)
        }
        try journal.close()
        try Printout.lastLine(report)
    }
}
