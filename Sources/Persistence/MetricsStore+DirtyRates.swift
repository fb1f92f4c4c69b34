package import ClusterModel
import GRDB

/// How domains rewrite their memory, as it was measured.
extension MetricsStore {
    package func store(_ readings: [DirtyRatesReading]) async throws {
        guard !readings.isEmpty else { return }
        try await file.shielded("store dirty rates in") { [pool] in
            try await pool.write { database in
                for reading in readings {
                    try database.execute(
                        sql: """
                            INSERT INTO dirtying VALUES (?, ?, ?, ?, ?, ?)
                            ON CONFLICT DO NOTHING
                            """,
                        arguments: [
                            reading.domain.rawValue, reading.at.milliseconds,
                            reading.short.milliseconds, reading.short.rate.count,
                            reading.long.milliseconds, reading.long.rate.count,
                        ])
                }
            }
        }
    }

    /// The newest measurement of each domain, of those after `start` and up to `end`.
    package func dirtyRates(
        after start: Timestamp, to end: Timestamp? = nil
    ) async throws -> [DomainID: DirtyRatesReading] {
        try await read("read dirty rates from") { database in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT uuid, max(time), shortTime, shortRate, longTime, longRate FROM dirtying
                    WHERE time > ? AND time <= ? GROUP BY uuid
                    """, arguments: [start.milliseconds, end?.milliseconds ?? Int64.max])
            return Dictionary(
                uniqueKeysWithValues: rows.map { row in
                    let id = DomainID(row[0] as String)
                    let reading = DirtyRatesReading(
                        domain: id, at: Timestamp(milliseconds: row[1]),
                        short: DirtyRates.Window(milliseconds: row[2], rate: Bytes(row[3])),
                        long: DirtyRates.Window(milliseconds: row[4], rate: Bytes(row[5])))
                    return (id, reading)
                })
        }
    }

    /// The newest size of each domain's QEMU process, of the samples after `start`.
    package func residentMemory(after start: Timestamp) async throws -> [DomainID: Bytes] {
        try await read("read sizes from") { database in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT uuid, rss, max(time) FROM domainSample
                    JOIN domain ON domain.id = domainSample.domain
                    WHERE time > ? AND rss IS NOT NULL GROUP BY domain.id
                    """, arguments: [start.milliseconds])
            return Dictionary(
                uniqueKeysWithValues: rows.map { (DomainID($0[0] as String), Bytes($0[1])) })
        }
    }
}
