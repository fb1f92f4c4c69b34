package import ClusterModel
import Execution
import Foundation
import GRDB

/// What makes the journal small again: records of runs that ended long ago move to a file beside
/// it. What was learned of them, and where they took domains, stays.
extension JournalStore {
    private var folder: String { URL(fileURLWithPath: file.path).deletingLastPathComponent().path }

    /// Moves the records of all runs that ended before this moment. Gives how many runs. What a
    /// kill interrupts is done by the next call: a run is in the archive before it leaves the
    /// journal.
    package func archive(endedBefore limit: Timestamp) async throws -> Int {
        _ = try await openRuns()
        let runs = try await read("list the runs of") { database in
            try Int64.fetchAll(
                database,
                sql: """
                    SELECT run FROM summary WHERE state <> ? AND (
                        SELECT max(time) FROM record WHERE record.run = summary.run) < ?
                    ORDER BY run
                    """,
                arguments: [RunOutcome.State.halted.rawValue, limit.milliseconds]
            ).map { RunID($0) }
        }
        guard !runs.isEmpty else { return 0 }
        let archive = try JournalArchive(directory: folder)
        for run in runs {
            try await archive.store(try await storedRecords(of: run), of: run)
            try await drop(run)
        }
        try archive.close()
        // The file becomes smaller; where another process reads it, the next call does that.
        try? await queue.vacuum()
        return runs.count
    }

    /// The trigger that forbids it is away for this transaction and no other.
    private func drop(_ run: RunID) async throws {
        try await file.shielded("archive run \(run) of") { [queue] in
            try await queue.write { database in
                try database.execute(sql: "DROP TRIGGER recordIsNeverDeleted")
                try database.execute(
                    sql: "DELETE FROM record WHERE run = ?", arguments: [run.rawValue])
                try database.execute(sql: JournalSchema.deletionTrigger)
            }
        }
    }

    /// Of a run that is no longer in the journal; empty where it never was.
    func archivedRecords(of run: RunID) async throws -> [StoredRecord] {
        let path = "\(folder)/\(JournalArchive.fileName)"
        guard FileManager.default.fileExists(atPath: path) else { return [] }
        let archive = try JournalArchive(directory: folder)
        let records = try await archive.records(of: run)
        try archive.close()
        return records
    }
}
