import ClusterModel
import GRDB
import Telemetry

/// Puts samples together again from three tables, each read once in order of time.
struct SampleReader {
    private let database: Database
    private let bounds: StatementArguments
    private let hosts: [Int64: HostName]
    private let domains: [Int64: (id: DomainID, name: String)]

    init(_ database: Database, from start: Timestamp, to end: Timestamp) throws {
        self.database = database
        bounds = [start.milliseconds, end.milliseconds]
        var hosts: [Int64: HostName] = [:]
        for row in try Row.fetchAll(database, sql: "SELECT id, name FROM host") {
            hosts[row[0]] = HostName(row[1] as String)
        }
        var domains: [Int64: (DomainID, String)] = [:]
        for row in try Row.fetchAll(database, sql: "SELECT id, uuid, name FROM domain") {
            domains[row[0]] = (DomainID(row[1] as String), row[2])
        }
        self.hosts = hosts
        self.domains = domains
    }

    func forEach(_ body: (RawHostSample) throws -> Void) throws {
        var cells = Ahead(try rows(of: "cellSample", order: "time, host, cell"))
        var domains = Ahead(try rows(of: "domainSample", order: "time, domain, host"))
        let hostRows = try rows(of: "hostSample", order: "time, host")
        var moment: [Int64: RawHostSample] = [:]
        var time: Int64?
        func finishMoment() throws {
            guard let time else { return }
            while let row = try cells.next(at: time) {
                let cell = CellSample(
                    cell: row[2], total: bytes(row[3]), free: bytes(row[4]),
                    cpu: MetricsStore.cpu(of: row, from: 5))
                moment[row[1]]?.cells.append(cell)
            }
            while let row = try domains.next(at: time) {
                if let domain = domain(of: row) { moment[row[2]]?.domains.append(domain) }
            }
            for sample in moment.values.sorted(by: { $0.host < $1.host }) { try body(sample) }
            moment.removeAll(keepingCapacity: true)
        }
        while let row = try hostRows.next() {
            let now: Int64 = row[0]
            if now != time {
                try finishMoment()
                time = now
            }
            if let name = hosts[row[1]] {
                moment[row[1]] = sample(of: row, host: name, at: Timestamp(milliseconds: now))
            }
        }
        try finishMoment()
    }

    private func rows(of table: String, order: String) throws -> RowCursor {
        try Row.fetchCursor(
            database,
            sql: "SELECT * FROM \(table) WHERE time > ? AND time <= ? ORDER BY \(order)",
            arguments: bounds)
    }

    private func sample(of row: Row, host: HostName, at time: Timestamp) -> RawHostSample {
        var sample = RawHostSample(host: host, at: time, cpu: MetricsStore.cpu(of: row, from: 2))
        if let total = bytes(row[6]), let free = bytes(row[7]), let buffers = bytes(row[8]),
            let cached = bytes(row[9])
        {
            sample.memory = HostMemoryGauges(
                total: total, free: free, buffers: buffers, cached: cached)
        }
        if let shared = row[10] as Int64?, let sharing = row[11] as Int64? {
            sample.ksm = KSMCounters(pagesShared: shared, pagesSharing: sharing)
        }
        return sample
    }

    private func domain(of row: Row) -> RawDomainSample? {
        guard let (id, name) = domains[row[1]] else { return nil }
        var sample = RawDomainSample(id: id, name: name, state: DomainState(code: row[6]))
        sample.cpuTime = row[3]
        sample.vcpus = row[4]
        sample.dirtyRate = bytes(row[5])
        sample.vcpuWait = row[7]
        sample.vcpuDelay = row[8]
        sample.balloonCurrent = bytes(row[9])
        sample.balloonMaximum = bytes(row[10])
        sample.rss = bytes(row[11])
        sample.guestAvailable = bytes(row[12])
        sample.guestUnused = bytes(row[13])
        sample.swapIn = row[14]
        sample.swapOut = row[15]
        sample.blockRead = row[16]
        sample.blockWritten = row[17]
        sample.networkReceived = row[18]
        sample.networkSent = row[19]
        return sample
    }

    private func bytes(_ count: Int64?) -> Bytes? { count.map { Bytes($0) } }
}

/// Rows whose first column is a time, one of them read ahead.
private struct Ahead {
    private let cursor: RowCursor
    private var row: Row?
    private var isConsumed = true
    private var isOver = false

    init(_ cursor: RowCursor) { self.cursor = cursor }

    /// The next row of this moment; rows of earlier moments are passed over. A row is valid until
    /// the next call.
    mutating func next(at time: Int64) throws -> Row? {
        while true {
            if isConsumed, !isOver {
                row = try cursor.next()
                isOver = row == nil
                isConsumed = false
            }
            guard let row, !isOver else { return nil }
            let rowTime: Int64 = row[0]
            if rowTime > time { return nil }
            isConsumed = true
            if rowTime == time { return row }
        }
    }
}
