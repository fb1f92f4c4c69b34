package import ClusterModel
import GRDB
package import Telemetry

extension MetricsStore {
    /// Rolls every whole hour of raw samples that lies before `limit` up into the tiers, hour by
    /// hour, in transactions of about `rows` rows so that the collector never waits long. Gives how
    /// many hours. What a kill interrupts is done again by the next call, with the same result.
    package func rollUp(
        before limit: Timestamp, rowsPerTransaction rows: Int = 5_000
    ) async throws -> Int {
        try await forgetFutureRollUps(after: limit)
        var hours = 0
        while let hour = try await nextHour(), hour.next <= limit {
            try Task.checkCancellation()
            try await rollUp(hour: hour, rowsPerTransaction: rows)
            hours += 1
        }
        return hours
    }

    /// A clock that had been ahead left a mark of hours to come: until then nothing would be rolled
    /// up, and raw samples would go without having been.
    private func forgetFutureRollUps(after limit: Timestamp) async throws {
        let last = limit.advanced(byMilliseconds: Tier.hour.milliseconds)
        guard let until = try await rolledUntil(), until > last else { return }
        try await file.shielded("store tiers in") { [pool] in
            try await pool.write {
                try $0.execute(
                    sql: """
                        UPDATE rollUp SET until = coalesce((
                            SELECT max(time) + :hour FROM hostTier
                            WHERE tier = :tier AND time + :hour <= :limit), 0)
                        """,
                    arguments: [
                        "hour": Tier.hour.milliseconds, "tier": Tier.hour.rawValue,
                        "limit": limit.milliseconds,
                    ])
            }
        }
    }

    /// Up to where raw samples are in the tiers; nil when nothing was rolled up yet.
    package func rolledUntil() async throws -> Timestamp? {
        try await read("read the tiers of") { try Self.rolledUntil($0) }
    }

    static func rolledUntil(_ database: Database) throws -> Timestamp? {
        try Int64.fetchOne(database, sql: "SELECT until FROM rollUp")
            .map { Timestamp(milliseconds: $0) }
    }

    /// The first hour with raw samples that is not rolled up.
    private func nextHour() async throws -> Timestamp? {
        try await read("read samples from") { database in
            let from = try Self.rolledUntil(database)?.milliseconds ?? .min
            let first = try Int64.fetchOne(
                database, sql: "SELECT min(time) FROM hostSample WHERE time > ?",
                arguments: [from])
            return first.map { Tier.hour.start(of: Timestamp(milliseconds: $0)) }
        }
    }

    private func rollUp(hour: Timestamp, rowsPerTransaction: Int) async throws {
        let window = SampleWindow(
            endingAt: hour.next, lengthMilliseconds: Tier.hour.milliseconds, slots: 1)
        var rollUp = RollUp(
            hour: hour,
            rules: try await read("read samples from") { try Self.rules(for: window, from: $0) })
        // Once for the hour: every domain of it has its number by now.
        let numbers = try await read("read names from") { try TierTables.Numbers($0) }
        var from = rollUp.readingStart
        while from < rollUp.end {
            // Samples of a minute at a time: of five they are half a gigabyte with 10,000 domains.
            let to = min(
                Tier.minute.start(of: from.advanced(byMilliseconds: 1))
                    .advanced(byMilliseconds: Tier.minute.milliseconds), rollUp.end)
            for sample in try await samples(from: from, to: to) { rollUp.add(sample) }
            try await store(rollUp.takeRows(), numbers, rowsPerTransaction)
            from = to
        }
        try await store(rollUp.finish(), numbers, rowsPerTransaction)
        try await file.shielded("store tiers in") { [pool] in
            try await pool.write {
                try $0.execute(
                    sql: """
                        INSERT INTO rollUp (id, until) VALUES (1, ?)
                        ON CONFLICT (id) DO UPDATE SET until = excluded.until
                        """, arguments: [hour.next.milliseconds])
            }
        }
    }

    private func store(
        _ rows: [TierRow], _ numbers: TierTables.Numbers, _ rowsPerTransaction: Int
    ) async throws {
        for begin in stride(from: 0, to: rows.count, by: rowsPerTransaction) {
            let part = rows[begin..<min(rows.count, begin + rowsPerTransaction)]
            try await file.shielded("store tiers in") { [pool] in
                try await pool.write { try TierTables.insert(part, numbers: numbers, into: $0) }
            }
        }
    }

    /// Rows of a tier whose stretch ends after `start` and not after `end`, in order of time.
    package func rows(
        of tier: Tier, from start: Timestamp, to end: Timestamp
    ) async throws -> [TierRow] {
        try await read("read the tiers of") { database in
            try TierTables.rows(of: tier, from: start, to: end, in: database)
        }
    }
}

extension Timestamp {
    fileprivate var next: Timestamp { advanced(byMilliseconds: Tier.hour.milliseconds) }
}
