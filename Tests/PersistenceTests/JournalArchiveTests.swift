import ClusterModel
import Execution
import Foundation
import Persistence
import Testing

/// Runs of long ago leave the journal, and nothing that anybody needs goes with them.
struct JournalArchiveTests {
    private let long = Timestamp(seconds: 1_600_000_000)
    private let lately = Timestamp(seconds: 1_700_000_000)

    private func run(
        _ journal: JournalStore, at time: Timestamp, _ state: RunOutcome.State?
    ) async throws -> RunID {
        let run = try await journal.open(JournalStoreTests.plan(["host1"]), at: time, process: 1)
        try await journal.append(
            .intent(1, attempt: 1, persistent: true, autostart: false), to: run, at: time)
        guard let state else { return run }
        try await journal.append(
            .arrived(1, MigrationStatistics(durationMilliseconds: 9), note: nil), to: run, at: time)
        try await journal.append(.ended(RunOutcome(state)), to: run, at: time)
        return run
    }

    @Test func endedRunsOfLongAgoMoveAndCanStillBeRead() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let journal = try JournalStore(directory: scratch.path)
        let old = try await run(journal, at: long, .done)
        let halted = try await run(journal, at: long, .halted)
        let open = try await run(journal, at: long, nil)
        let new = try await run(journal, at: lately, .failed)
        let records = try await journal.records(of: old)
        let summaries = try await journal.summaries()
        let transfers = try await journal.transfers(since: RunID(0))
        #expect(try await journal.archive(endedBefore: lately) == 1)
        #expect(
            FileManager.default.fileExists(atPath: scratch.file("journal-archive.sqlite")))
        // Nobody notices but the file.
        #expect(try await journal.records(of: old) == records)
        #expect(try await journal.summaries() == summaries)
        #expect(try await journal.transfers(since: RunID(0)) == transfers)
        #expect(try await journal.moves(of: [], takenFrom: ["host1"]).count == 3)
        #expect(try await journal.runs() == [new, open, halted, old])
        #expect(try await journal.unfinishedRuns().map(\.run) == [halted, open])
        #expect(try await journal.archive(endedBefore: lately) == 0)
        // What was archived is not added to, and all else is.
        await #expect(throws: StoreError.self) {
            try await journal.append(.taken(process: 2, goal: .rollback), to: old, at: lately)
        }
        try await journal.append(.taken(process: 2, goal: .forward), to: halted, at: lately)
        try journal.verify()
        try journal.close()
        let again = try JournalStore(directory: scratch.path)
        #expect(try await again.records(of: old) == records)
    }

    /// It was killed between the archive and the journal: the run is in both.
    @Test func whatWasInterruptedIsDoneAgain() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let (journal, before) = (scratch.file(JournalStore.fileName), scratch.file("before"))
        let store = try JournalStore(directory: scratch.path)
        let old = try await run(store, at: long, .done)
        let records = try await store.records(of: old)
        try store.close()
        try FileManager.default.copyItem(atPath: journal, toPath: before)
        for _ in 1...2 {
            try FileManager.default.removeItem(atPath: journal)
            try FileManager.default.copyItem(atPath: before, toPath: journal)
            let again = try JournalStore(directory: scratch.path)
            #expect(try await again.archive(endedBefore: lately) == 1)
            #expect(try await again.records(of: old) == records)
            try again.close()
        }
    }

    @Test func recordsAreStillNeverDeleted() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let journal = try JournalStore(directory: scratch.path)
        _ = try await run(journal, at: long, .done)
        _ = try await run(journal, at: lately, .done)
        #expect(try await journal.archive(endedBefore: lately) == 1)
        try journal.close()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["sqlite3", scratch.file("journal.sqlite"), "DELETE FROM record"]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus != 0)
    }
}
