package import ClusterModel
package import Execution
import GRDB

/// Unlike the records, the register is a state and not a history: entries come and go.
extension JournalStore: MaintenanceRegister {
    /// In order of host name.
    package func maintenance() async throws -> [MaintenanceEntry] {
        try await read("read the hosts in maintenance from") { database in
            try Row.fetchAll(
                database, sql: "SELECT host, since, run FROM maintenance ORDER BY host"
            ).map { row in
                MaintenanceEntry(
                    host: HostName(row[0] as String), since: Timestamp(milliseconds: row[1]),
                    run: (row[2] as Int64?).map { RunID($0) })
            }
        }
    }

    package func setMaintenance(_ entry: MaintenanceEntry) async throws {
        try await file.shielded("put \(entry.host) in maintenance in") { [queue] in
            try await queue.write { database in
                try database.execute(
                    sql: """
                        INSERT INTO maintenance (host, since, run) VALUES (?, ?, ?)
                        ON CONFLICT (host) DO UPDATE
                        SET since = excluded.since, run = excluded.run
                        """,
                    arguments: [
                        entry.host.rawValue, entry.since.milliseconds, entry.run?.rawValue,
                    ])
            }
        }
    }

    package func clearMaintenance(of host: HostName) async throws {
        try await file.shielded("end maintenance of \(host) in") { [queue] in
            try await queue.write { database in
                try database.execute(
                    sql: "DELETE FROM maintenance WHERE host = ?", arguments: [host.rawValue])
            }
        }
    }
}
