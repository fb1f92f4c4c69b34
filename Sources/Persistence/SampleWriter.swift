import ClusterModel
import GRDB
import Synchronization
import Telemetry

/// Writes samples row by row, with statements that are prepared once.
///
/// It remembers the numbers of hosts and domains: looking 4,000 of them up at every tick would cost
/// more than storing their samples.
final class SampleWriter: Sendable {
    private struct Names {
        var hosts: [HostName: Int64] = [:]
        var domains: [DomainID: (number: Int64, name: String)] = [:]
    }

    /// Domains of one host that were not known before, in one hour.
    private struct Newcomers {
        var hour: Int64
        var count: Int
    }

    private let names = Mutex(Names())
    private let newcomers = Mutex<[HostName: Newcomers]>([:])
    /// As many as a host may bring in an hour; nil for any number.
    private let mostNewcomers: Int?

    init(mostNewcomers: Int?) { self.mostNewcomers = mostNewcomers }

    func forgetNames() { names.withLock { $0 = Names() } }

    func insert(_ batch: [SampleOutcome], into database: Database) throws {
        for outcome in batch {
            switch outcome {
            case .sample(let sample): try insert(sample, into: database)
            case .failure(let host, let time, let reason):
                try insertFailure(of: host, at: time, reason: reason, into: database)
            }
        }
    }

    private func insertFailure(
        of host: HostName, at time: Timestamp, reason given: String, into database: Database
    ) throws {
        let (number, reason) = (try number(of: host, in: database), OutsideText.reason(given))
        try run(
            "INSERT INTO hostFailure VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            [time.milliseconds, number, reason], database)
        try run(
            "UPDATE host SET newestFailure = ?, failureReason = ? WHERE id = ?",
            [time.milliseconds, reason, number], database)
    }

    /// A second sample of the same millisecond, which a clock step can bring about, is dropped.
    private func insert(_ sample: RawHostSample, into database: Database) throws {
        let time = sample.at.milliseconds
        let host = try number(of: sample.host, in: database)
        let (cpu, memory, ksm) = (sample.cpu, sample.memory, sample.ksm)
        try run(
            """
            INSERT INTO hostSample VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT DO NOTHING
            """,
            [
                time, host, cpu?.user, cpu?.system, cpu?.idle, cpu?.iowait, memory?.total.count,
                memory?.free.count, memory?.buffers.count, memory?.cached.count,
                ksm?.pagesShared, ksm?.pagesSharing,
            ], database)
        try run("UPDATE host SET newestSample = ? WHERE id = ?", [time, host], database)
        for cell in sample.cells {
            try run(
                "INSERT INTO cellSample VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                [
                    time, host, cell.cell, cell.total?.count, cell.free?.count, cell.cpu?.user,
                    cell.cpu?.system, cell.cpu?.idle, cell.cpu?.iowait,
                ], database)
        }
        let statement = try database.cachedStatement(
            sql: """
                INSERT INTO domainSample VALUES
                    (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT DO NOTHING
                """)
        var left = 0
        for domain in sample.domains {
            guard let number = try number(of: domain, sample, in: database) else {
                left += 1
                continue
            }
            statement.setUncheckedArguments(row(of: domain, number, host: host, time: time))
            try statement.execute()
        }
        guard left > 0 else { return }
        try insertFailure(
            of: sample.host, at: sample.at,
            reason: "it has reported more than \(mostNewcomers ?? 0) new domains within an hour: "
                + "\(left) are not recorded", into: database)
    }

    private func row(
        of domain: RawDomainSample, _ number: Int64, host: Int64, time: Int64
    ) -> StatementArguments {
        [
            time, number, host, domain.cpuTime, domain.vcpus, domain.dirtyRate?.count,
            domain.state.code, domain.vcpuWait, domain.vcpuDelay, domain.balloonCurrent?.count,
            domain.balloonMaximum?.count, domain.rss?.count, domain.guestAvailable?.count,
            domain.guestUnused?.count, domain.swapIn, domain.swapOut, domain.blockRead,
            domain.blockWritten, domain.networkReceived, domain.networkSent,
        ]
    }

    private func run(
        _ sql: String, _ arguments: StatementArguments, _ database: Database
    ) throws {
        let statement = try database.cachedStatement(sql: sql)
        statement.setUncheckedArguments(arguments)
        try statement.execute()
    }

    func number(of host: HostName, in database: Database) throws -> Int64 {
        if let known = names.withLock({ $0.hosts[host] }) { return known }
        // `DO UPDATE` and not `DO NOTHING`: only then the row comes back.
        let number = try Int64.fetchOne(
            database,
            sql: """
                INSERT INTO host (name) VALUES (?)
                ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id
                """, arguments: [host.rawValue])
        guard let number else { throw DatabaseError(message: "no number for host \(host)") }
        names.withLock { $0.hosts[host] = number }
        return number
    }

    /// nil for one of too many that appeared at once: a host that makes up domains without end must
    /// not fill the database. One that is really there has its turn within the next hours.
    private func number(
        of domain: RawDomainSample, _ sample: RawHostSample, in database: Database
    ) throws -> Int64? {
        if let known = names.withLock({ $0.domains[domain.id] }), known.name == domain.name {
            return known.number
        }
        let isKnown = try Int64.fetchOne(
            database, sql: "SELECT id FROM domain WHERE uuid = ?", arguments: [domain.id.rawValue])
        guard isKnown != nil || admitsNewcomer(of: sample) else { return nil }
        let number = try Int64.fetchOne(
            database,
            sql: """
                INSERT INTO domain (uuid, name, newest) VALUES (?, ?, ?)
                ON CONFLICT (uuid) DO UPDATE SET name = excluded.name, newest = excluded.newest
                RETURNING id
                """,
            arguments: [domain.id.rawValue, domain.name, sample.at.milliseconds])
        guard let number else {
            throw DatabaseError(message: "no number for domain \(domain.id)")
        }
        names.withLock { $0.domains[domain.id] = (number, domain.name) }
        return number
    }

    private func admitsNewcomer(of sample: RawHostSample) -> Bool {
        guard let mostNewcomers else { return true }
        let hour = sample.at.milliseconds / 3_600_000
        return newcomers.withLock { newcomers in
            var own = newcomers[sample.host] ?? Newcomers(hour: hour, count: 0)
            if own.hour != hour { own = Newcomers(hour: hour, count: 0) }
            guard own.count < mostNewcomers else { return false }
            own.count += 1
            newcomers[sample.host] = own
            return true
        }
    }
}
