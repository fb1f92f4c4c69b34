import ClusterModel
import GRDB
import Telemetry

/// The two tables of the tiers: three columns for each metric, so that `sqlite3` shows them.
enum TierTables {
    static let creation =
        table(
            "domainTier", "domain INTEGER NOT NULL, host INTEGER NOT NULL", "domain, host",
            of: domainMetrics)
        + table("hostTier", "host INTEGER NOT NULL", "host", of: hostMetrics) + """
            CREATE TABLE rollUp (id INTEGER PRIMARY KEY CHECK (id = 1), until INTEGER NOT NULL)
            STRICT;
            """

    private static let domainMetrics = DomainMetric.allCases.map(\.rawValue)
    private static let hostMetrics = HostMetric.allCases.map(\.rawValue)

    private static func table(
        _ name: String, _ owner: String, _ key: String, of metrics: [String]
    ) -> String {
        """
        CREATE TABLE \(name) (
            tier INTEGER NOT NULL, time INTEGER NOT NULL, \(owner), samples INTEGER NOT NULL,
            \(columns(metrics).map { "\($0) INTEGER" }.joined(separator: ", ")),
            PRIMARY KEY (tier, time, \(key))
        ) WITHOUT ROWID, STRICT;

        """
    }

    private static func columns(_ metrics: [String]) -> [String] {
        metrics.flatMap { ["\($0)Mean", "\($0)P95", "\($0)Max"] }
    }

    /// The numbers of hosts and domains, by name and UUID.
    struct Numbers: Sendable {
        fileprivate let hosts: [String: Int64]
        fileprivate let domains: [String: Int64]

        init(_ database: Database) throws {
            hosts = try TierTables.numbers("SELECT name, id FROM host", database)
            domains = try TierTables.numbers("SELECT uuid, id FROM domain", database)
        }
    }

    static func insert(
        _ rows: some Sequence<TierRow>, numbers: Numbers, into database: Database
    ) throws {
        let (hosts, domains) = (numbers.hosts, numbers.domains)
        let intoHosts = try insertion("hostTier", 4, hostMetrics, database)
        let intoDomains = try insertion("domainTier", 5, domainMetrics, database)
        let seen = try database.cachedStatement(
            sql: "UPDATE domain SET newest = max(coalesce(newest, 0), ?) WHERE id = ?")
        for row in rows {
            let values = row.values.flatMap { [$0?.mean, $0?.p95, $0?.max] }
            let key: [Int64?] = [Int64(row.tier.rawValue), row.start.milliseconds]
            switch row.object {
            case .host(let name):
                guard let host = hosts[name.rawValue] else { continue }
                try intoHosts.execute(
                    arguments: StatementArguments(key + [host, Int64(row.samples)] + values))
            case .domain(let id, let name):
                guard let domain = domains[id.rawValue], let host = hosts[name.rawValue]
                else { continue }
                if row.tier == .hour {
                    try seen.execute(
                        arguments: [
                            row.start.advanced(byMilliseconds: Tier.hour.milliseconds).milliseconds,
                            domain,
                        ])
                }
                try intoDomains.execute(
                    arguments: StatementArguments(
                        key + [domain, host, Int64(row.samples)] + values))
            }
        }
    }

    private static func insertion(
        _ table: String, _ keys: Int, _ metrics: [String], _ database: Database
    ) throws -> Statement {
        let marks = Array(repeating: "?", count: keys + metrics.count * 3).joined(separator: ",")
        return try database.cachedStatement(
            sql: "INSERT OR REPLACE INTO \(table) VALUES (\(marks))")
    }

    private static func numbers(_ sql: String, _ database: Database) throws -> [String: Int64] {
        var numbers: [String: Int64] = [:]
        let rows = try Row.fetchCursor(database, sql: sql)
        while let row = try rows.next() { numbers[row[0]] = row[1] }
        return numbers
    }

    static func rows(
        of tier: Tier, from start: Timestamp, to end: Timestamp, in database: Database
    ) throws -> [TierRow] {
        let bounds: StatementArguments = [
            tier.rawValue, start.milliseconds - tier.milliseconds,
            end.milliseconds - tier.milliseconds,
        ]
        func fetch(
            _ table: String, _ names: String, _ joins: String, _ metrics: Int,
            _ object: (Row) -> (TierRow.Object, Int)
        ) throws -> [TierRow] {
            let cursor = try Row.fetchCursor(
                database,
                sql: """
                    SELECT \(names), \(table).* FROM \(table) \(joins)
                    WHERE tier = ? AND time > ? AND time <= ? ORDER BY time, \(names)
                    """, arguments: bounds)
            var rows: [TierRow] = []
            while let row = try cursor.next() {
                let (object, first) = object(row)
                rows.append(
                    TierRow(
                        tier: tier, start: Timestamp(milliseconds: row["time"]), object: object,
                        samples: row["samples"],
                        values: (0..<metrics).map { summary(row, first + $0 * 3) }))
            }
            return rows
        }
        let host = "JOIN host ON host.id = host"
        let hosts = try fetch("hostTier", "host.name", host, hostMetrics.count) {
            (.host(HostName($0[0] as String)), 5)
        }
        let domains = try fetch(
            "domainTier", "domain.uuid, host.name", "\(host) JOIN domain ON domain.id = domain",
            domainMetrics.count
        ) {
            (.domain(DomainID($0[0] as String), on: HostName($0[1] as String)), 7)
        }
        return hosts + domains
    }

    /// Feeds what the tiers know of the part of the window whose raw samples are gone: each stretch
    /// from the finest tier that still has it; where demand is foreseen all that is rolled up, by
    /// the hour.
    static func feed(
        _ accumulator: inout LoadAccumulator, window: SampleWindow, from database: Database
    ) throws {
        if window.isForeseen {
            return try feed(
                &accumulator, .hour, window.start.milliseconds, window.end.milliseconds, database)
        }
        var boundary =
            try Int64.fetchOne(database, sql: "SELECT min(time) FROM hostSample") ?? .max
        boundary = min(boundary, window.end.milliseconds)
        var stretches: [(tier: Tier, from: Int64, to: Int64)] = []
        for tier in Tier.allCases where boundary > window.start.milliseconds {
            let first = try Int64.fetchOne(
                database, sql: "SELECT min(time) FROM hostTier WHERE tier = ? AND time >= ?",
                arguments: [tier.rawValue, window.start.milliseconds])
            guard let first, first < boundary else { continue }
            stretches.append((tier, first, boundary))
            boundary = first
        }
        for stretch in stretches.reversed() {
            try feed(&accumulator, stretch.tier, stretch.from, stretch.to, database)
        }
    }

    private static func feed(
        _ accumulator: inout LoadAccumulator, _ tier: Tier, _ from: Int64, _ to: Int64,
        _ database: Database
    ) throws {
        // A stretch that reaches into the raw samples is left to them.
        let bounds: StatementArguments = [tier.rawValue, from, to - tier.milliseconds]
        let hosts = try Row.fetchCursor(
            database,
            sql: """
                SELECT time, host, busyMean, busyP95, busyMax FROM hostTier
                WHERE tier = ? AND time >= ? AND time <= ? ORDER BY time
                """, arguments: bounds)
        while let row = try hosts.next() {
            guard let busy = summary(row, 2) else { continue }
            accumulator.add(host: row[1], until: end(of: row, tier), busy: busy)
        }
        let domains = try Row.fetchCursor(
            database,
            sql: """
                SELECT time, domain, cpuMean, cpuP95, cpuMax, samples FROM domainTier
                WHERE tier = ? AND time >= ? AND time <= ? ORDER BY time
                """, arguments: bounds)
        while let row = try domains.next() {
            guard let cpu = summary(row, 2) else { continue }
            accumulator.add(
                domain: row[1], until: end(of: row, tier), cpu: cpu, samples: row[5])
        }
    }

    private static func end(of row: Row, _ tier: Tier) -> Timestamp {
        Timestamp(milliseconds: row[0]).advanced(byMilliseconds: tier.milliseconds)
    }

    private static func summary(_ row: Row, _ column: Int) -> Summary? {
        guard let mean = row[column] as Int64?, let p95 = row[column + 1] as Int64?,
            let max = row[column + 2] as Int64?
        else { return nil }
        return Summary(mean: mean, p95: p95, max: max)
    }
}
