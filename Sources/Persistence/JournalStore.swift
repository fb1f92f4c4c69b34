package import ClusterModel
package import Execution
import GRDB

/// The journal, `journal.sqlite`: every run's records and the hosts in maintenance.
///
/// When `append` returns, the record survives a power cut (WAL, synchronous FULL). What cannot be
/// read stops the program with an error: a record is never skipped, for the step it tells of may
/// be the one that moved a guest.
package struct JournalStore: RunJournal {
    package static let fileName = "journal.sqlite"
    /// A file of this many pages of 4 KiB is checked through in a few hundredths of a second.
    private static let checkedWhenOpened = 4096

    let file: DatabaseFile
    let queue: DatabaseQueue

    /// Opens the journal in this directory, or makes it. A small one is checked through, a large
    /// one when something is to be begun: see `verify`. `maximumPages` caps its size, in pages of 4
    /// KiB.
    package init(directory: String, maximumPages: Int? = nil) throws {
        file = try DatabaseFile(
            directory: directory, name: Self.fileName, identity: .journal,
            maximumPages: maximumPages)
        do {
            queue = try DatabaseQueue(path: file.path, configuration: file.configuration())
            // After opening, because GRDB sets NORMAL with its WAL mode.
            try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            try file.migrate(queue, with: JournalSchema.migrator())
            try queue.read { [file] database in
                let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
                if pages <= Self.checkedWhenOpened { try Self.check(database, file: file) }
            }
        } catch {
            throw file.error("open", error)
        }
    }

    /// Checks the whole file, which takes a second for some 200 MB; throws where it is damaged.
    package func verify() throws {
        do {
            try queue.read { [file] in try Self.check($0, file: file) }
        } catch {
            throw file.error("check", error)
        }
    }

    package func close() throws {
        do { try queue.close() } catch { throw file.error("close", error) }
    }

    /// How durably the journal stores its records, as SQLite itself says.
    package func durability() async throws -> String {
        try await read("ask") { database in
            let mode = try String.fetchOne(database, sql: "PRAGMA journal_mode") ?? "?"
            let level = try Int.fetchOne(database, sql: "PRAGMA synchronous") ?? -1
            return "\(mode), synchronous \(level)"
        }
    }

    private static func check(_ database: Database, file: DatabaseFile) throws {
        let finding = try String.fetchOne(database, sql: "PRAGMA quick_check(1)")
        guard finding == "ok" else {
            throw StoreError(
                kind: .corrupt, file: file.path, operation: "open",
                message: "the file is damaged (\(finding ?? "no answer to quick_check"))",
                remedy: "restore it from a backup, or save what is left with"
                    + " 'sqlite3 FILE .recover'")
        }
    }

    package func open(_ plan: MigrationPlan, at time: Timestamp, process: Int32) async throws
        -> RunID
    {
        try await open(plan, at: time, process: process, for: nil)
    }

    /// The same; a run of a rolling reboot is known to that from the first moment on.
    package func open(
        _ plan: MigrationPlan, at time: Timestamp, process: Int32, for reboot: RunID?
    ) async throws -> RunID {
        let events: [JournalEvent] = [
            .taken(process: process, goal: .forward), .planned(plan, goal: .forward),
        ]
        return try await file.shielded("open a run in") { [queue] in
            let texts = try events.map { try JournalCoding.text(of: $0) }
            return try await queue.write { database in
                let run = try Self.insert(plan.kind.rawValue, plan.hosts, at: time, in: database)
                for text in texts { try Self.append(text, to: run, at: time, in: database) }
                if let reboot {
                    let event = RebootEvent.runBegan(run, kind: plan.kind)
                    try Self.append(
                        try JournalCoding.text(of: event), toReboot: reboot, at: time,
                        in: database)
                }
                return run
            }
        }
    }

    static func insert(
        _ kind: String, _ hosts: [HostName], at time: Timestamp, in database: Database
    ) throws -> RunID {
        try database.execute(
            sql: "INSERT INTO run (created, kind, hosts) VALUES (?, ?, ?)",
            arguments: [
                time.milliseconds, kind,
                String(decoding: try CanonicalJSON.encode(hosts), as: UTF8.self),
            ])
        return RunID(database.lastInsertedRowID)
    }

    package func append(_ event: JournalEvent, to run: RunID, at time: Timestamp) async throws {
        try await file.shielded("append to run \(run) in") { [queue] in
            let text = try JournalCoding.text(of: event)
            try await queue.write { try Self.append(text, to: run, at: time, in: $0) }
        }
    }

    private static func append(
        _ text: String, to run: RunID, at time: Timestamp, in database: Database
    ) throws {
        try database.execute(
            sql: """
                INSERT INTO record (run, sequence, time, version, event)
                SELECT :run, last + 1, :time, :version, :event
                FROM (SELECT coalesce(max(sequence), 0) AS last FROM record WHERE run = :run)
                WHERE last > 0 OR NOT EXISTS (SELECT 1 FROM summary WHERE run = :run)
                """,
            arguments: [
                "run": run.rawValue, "time": time.milliseconds,
                "version": JournalRecord.currentVersion, "event": text,
            ])
        guard database.changesCount > 0 else {
            throw DatabaseError(
                message: "run \(run) is archived: it ended long ago, and nothing is added to it")
        }
    }
}
