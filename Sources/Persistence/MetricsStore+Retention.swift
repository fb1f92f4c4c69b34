package import ClusterModel
import GRDB
package import Telemetry

extension MetricsStore {
    /// Deletes samples and failures that are older, in transactions of about `rows` rows each so
    /// that the collector never waits long. Gives how many rows went.
    ///
    /// The file keeps its size: the room is used again by later samples.
    package func deleteSamples(
        before limit: Timestamp, rowsPerTransaction rows: Int = 10_000
    ) async throws -> Int {
        try await delete(
            "samples",
            from: ["domainSample", "cellSample", "hostSample", "hostFailure", "dirtying"],
            before: limit,
            rowsPerTransaction: rows)
    }

    /// The same with rows of a tier that begin earlier.
    package func deleteRows(
        of tier: Tier, before limit: Timestamp, rowsPerTransaction rows: Int = 10_000
    ) async throws -> Int {
        try await delete(
            "tiers", from: ["domainTier", "hostTier"], where: "tier = \(tier.rawValue) AND ",
            before: limit, rowsPerTransaction: rows)
    }

    /// Has nothing been recorded for longer than a day before the last hour? Then either the
    /// collector was off, or the clock has just jumped ahead, and by that clock everything is old.
    package func hasGap(before moment: Timestamp) async throws -> Bool {
        try await read("read samples from") { database in
            let hourAgo = moment.milliseconds - 3_600_000
            let last = try Int64.fetchOne(
                database, sql: "SELECT max(time) FROM hostSample WHERE time < ?",
                arguments: [hourAgo])
            return last.map { hourAgo - $0 > 86_400_000 } ?? false
        }
    }

    /// Forgets domains that were seen last before this moment, when nothing of them is kept any
    /// more. Gives how many.
    package func forgetDomains(lastSeenBefore limit: Timestamp) async throws -> Int {
        try await file.shielded("forget domains in") { [pool, writer] in
            try await pool.write { database in
                try database.execute(
                    sql: "DELETE FROM domain WHERE newest < ?", arguments: [limit.milliseconds])
                let count = database.changesCount
                // Within the transaction: nothing is written under a number that is gone.
                if count > 0 { writer.forgetNames() }
                return count
            }
        }
    }

    private func delete(
        _ what: String, from tables: [String], where condition: String = "",
        before limit: Timestamp,
        rowsPerTransaction rows: Int
    ) async throws -> Int {
        var deleted = 0
        for table in tables {
            var more = true
            while more {
                try Task.checkCancellation()
                let count = try await file.shielded("delete old \(what) from") { [pool] in
                    try await pool.write {
                        try Self.deleteSome(
                            of: table, where: condition, before: limit, rows: rows, in: $0)
                    }
                }
                deleted += count
                more = count > 0
            }
        }
        return deleted
    }

    /// Whole moments at a time, as rows of such a table have no number to limit by.
    private static func deleteSome(
        of table: String, where condition: String, before limit: Timestamp, rows: Int,
        in database: Database
    ) throws -> Int {
        let last =
            try Int64.fetchOne(
                database,
                sql: """
                    SELECT time FROM \(table) WHERE \(condition)time < ?
                    ORDER BY time LIMIT 1 OFFSET ?
                    """,
                arguments: [limit.milliseconds, rows - 1]) ?? limit.milliseconds - 1
        try database.execute(
            sql: "DELETE FROM \(table) WHERE \(condition)time <= ?", arguments: [last])
        return database.changesCount
    }
}
