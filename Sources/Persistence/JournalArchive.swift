import ClusterModel
import Execution
import GRDB

/// Records of runs that ended long ago, `journal-archive.sqlite`, beside the journal: read when
/// somebody asks for such a run, and never written to again.
struct JournalArchive {
    static let fileName = "journal-archive.sqlite"

    private let file: DatabaseFile
    private let queue: DatabaseQueue

    init(directory: String) throws {
        file = try DatabaseFile(
            directory: directory, name: Self.fileName, identity: .archive, maximumPages: nil)
        do {
            queue = try DatabaseQueue(path: file.path, configuration: file.configuration())
            try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            try file.migrate(queue, with: Self.migrator())
        } catch {
            throw file.error("open", error)
        }
    }

    private static func migrator() -> DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 records") { database in
            try database.execute(
                sql: """
                    PRAGMA application_id = \(DatabaseFile.Identity.archive.rawValue);
                    CREATE TABLE record (
                        run INTEGER NOT NULL, sequence INTEGER NOT NULL, time INTEGER NOT NULL,
                        version INTEGER NOT NULL, event TEXT NOT NULL,
                        PRIMARY KEY (run, sequence)
                    ) WITHOUT ROWID, STRICT;
                    """)
        }
        return migrator
    }

    func close() throws {
        do { try queue.close() } catch { throw file.error("close", error) }
    }

    /// What lies there already is the same: a call that was interrupted is simply made again.
    func store(_ records: [StoredRecord], of run: RunID) async throws {
        try await file.shielded("store run \(run) in") { [queue] in
            try await queue.write { database in
                let statement = try database.cachedStatement(
                    sql: "INSERT OR IGNORE INTO record VALUES (?, ?, ?, ?, ?)")
                for record in records {
                    try statement.execute(
                        arguments: [
                            run.rawValue, record.sequence, record.time, record.version,
                            record.event,
                        ])
                }
            }
        }
    }

    func records(of run: RunID) async throws -> [StoredRecord] {
        do {
            return try await queue.read { database in
                try Row.fetchAll(
                    database,
                    sql: """
                        SELECT sequence, time, version, event FROM record WHERE run = ?
                        ORDER BY sequence
                        """, arguments: [run.rawValue]
                ).map(StoredRecord.init)
            }
        } catch {
            throw file.error("read run \(run) from", error)
        }
    }
}
