package import ClusterModel
import GRDB
package import Telemetry

extension MetricsStore {
    /// Demand of all domains and use of all hosts in the window, in one pass over the rows.
    ///
    /// Without rules, what counts as a gap is judged by the period that the samples themselves
    /// show: only the collector knew its own, and it may have been another one then.
    package func load(
        in window: SampleWindow, rules: RateRules? = nil
    ) async throws -> MeasuredLoad {
        try await read("read samples from") { database in
            let raw = try Self.rawPart(of: window, from: database)
            return try Self.load(
                in: window, raw: raw, rules: rules ?? Self.rules(for: raw, from: database),
                from: database)
        }
    }

    /// What hosts and domains did in their newest two samples before this moment. Older than a few
    /// periods is no news: then it is empty.
    package func liveFigures(at moment: Timestamp) async throws -> LiveFigures {
        let recent = SampleWindow(endingAt: moment, lengthMilliseconds: 600_000, slots: 1)
        let rules = try await read("read samples from") {
            try Self.rules(for: recent, from: $0)
        }
        // Cells are read once a minute: two of those looks.
        let reach = max(150_000, 5 * rules.periodMilliseconds)
        let samples = try await samples(
            from: moment.advanced(byMilliseconds: -reach), to: moment)
        return LiveFigures(of: samples, rules: rules)
    }

    /// What domains used on average between two moments that are minutes apart. It blocks its
    /// thread while it reads.
    package func recentUse(from start: Timestamp, to end: Timestamp) async throws -> RecentUse {
        let length = max(1, end.millisecondsSince(start))
        let window = SampleWindow(endingAt: end, lengthMilliseconds: length, slots: 1)
        let rules = try await read("read samples from") { try Self.rules(for: window, from: $0) }
        var reading = RecentUse.Reading(from: start, to: end, rules: rules)
        try forEachSample(from: window.readingStart(under: rules), to: end) { reading.add($0) }
        return reading.finish()
    }

    /// From the median time between two samples of a host, of all that reach into the window;
    /// one hour before it is looked at too, so that long periods show at all.
    static func rules(
        for window: SampleWindow, from database: Database
    ) throws -> RateRules {
        var intervals = try Int64.fetchAll(
            database,
            sql: """
                SELECT interval FROM (
                    SELECT time - lag(time) OVER (PARTITION BY host ORDER BY time) AS interval
                    FROM hostSample WHERE time > ? AND time <= ?
                ) WHERE interval > 0
                """,
            arguments: [
                window.start.milliseconds - 3_600_000, window.end.milliseconds,
            ])
        guard let median = Percentile.nearestRank(50, of: &intervals) else { return RateRules() }
        return RateRules(periodMilliseconds: max(1000, median))
    }

    /// The part of the window that only raw samples tell of. Where demand is foreseen hours are
    /// enough: raw samples of two days would be read for minutes.
    private static func rawPart(
        of window: SampleWindow, from database: Database
    ) throws -> SampleWindow {
        guard window.isForeseen, let until = try rolledUntil(database), until > window.start else {
            return window
        }
        return SampleWindow(
            endingAt: window.end, lengthMilliseconds: max(1, window.end.millisecondsSince(until)),
            slots: 1)
    }

    private static func load(
        in window: SampleWindow, raw: SampleWindow, rules: RateRules, from database: Database
    ) throws -> MeasuredLoad {
        let bounds: StatementArguments = [
            raw.readingStart(under: rules).milliseconds, window.end.milliseconds,
        ]
        var accumulator = LoadAccumulator(window: window, rules: rules)
        try TierTables.feed(&accumulator, window: window, from: database)
        let hostRows = try Row.fetchCursor(
            database,
            sql: """
                SELECT time, host, user, system, idle, iowait,
                    memoryFree + memoryBuffers + memoryCached
                FROM hostSample WHERE time > ? AND time <= ? ORDER BY time
                """, arguments: bounds)
        while let row = try hostRows.next() {
            accumulator.add(
                host: row[1], at: Timestamp(milliseconds: row[0]), cpu: cpu(of: row, from: 2),
                available: (row[6] as Int64?).map { Bytes($0) })
        }
        let rows = try Row.fetchCursor(
            database,
            sql: """
                SELECT time, domain, host, cpuTime, vcpus, dirtyRate, vcpuDelay FROM domainSample
                WHERE time > ? AND time <= ? ORDER BY time
                """, arguments: bounds)
        while let row = try rows.next() {
            accumulator.add(
                DomainReading(
                    domain: row[1], host: row[2], at: Timestamp(milliseconds: row[0]),
                    cpuTime: row[3], vcpus: row[4], vcpuDelay: row[6],
                    dirtyRate: (row[5] as Int64?).map { Bytes($0) })
            )
        }
        let seen = try names(of: accumulator.numbersOfDomains, from: database)
        return accumulator.finish(
            domains: seen,
            hosts: try numbers(of: "SELECT name, id FROM host", from: database))
    }

    /// Only whole sets of counters are of use.
    static func cpu(of row: Row, from column: Int) -> HostCPUCounters? {
        guard let user = row[column] as Int64?, let system = row[column + 1] as Int64?,
            let idle = row[column + 2] as Int64?, let iowait = row[column + 3] as Int64?
        else { return nil }
        return HostCPUCounters(user: user, system: system, idle: idle, iowait: iowait)
    }

    /// Only of those in the window: there may be millions that came and went.
    private static func names(
        of numbers: [Int], from database: Database
    ) throws -> [DomainID: Int] {
        let statement = try database.cachedStatement(sql: "SELECT uuid FROM domain WHERE id = ?")
        var names: [DomainID: Int] = [:]
        for number in numbers {
            if let uuid = try String.fetchOne(statement, arguments: [number]) {
                names[DomainID(uuid)] = number
            }
        }
        return names
    }

    private static func numbers<Name: NameIdentifier>(
        of sql: String, from database: Database
    ) throws -> [Name: Int] {
        var numbers: [Name: Int] = [:]
        let rows = try Row.fetchCursor(database, sql: sql)
        while let row = try rows.next() { numbers[Name(row[0] as String)] = row[1] }
        return numbers
    }
}
