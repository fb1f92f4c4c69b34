package import ClusterModel
package import Execution
import GRDB

/// A set of migrations of ended runs that something is learned from: nobody had to help them.
package struct TransferGroup: Hashable, Codable, Sendable {
    /// nil for all live migrations, or all cold moves.
    package var source: HostName?
    package var target: HostName?
    package var isCold: Bool

    package init(source: HostName? = nil, target: HostName? = nil, isCold: Bool = false) {
        self.source = source
        self.target = target
        self.isCold = isCold
    }
}

/// Two groups with the same mark hold the same migrations: none is ever changed, and one that comes
/// again is newer than all before.
package struct TransferMark: Hashable, Codable, Sendable {
    package var count: Int
    package var newest: Int64

    package init(count: Int = 0, newest: Int64 = 0) {
        self.count = count
        self.newest = newest
    }
}

/// What the memory of a domain held at the end of a migration.
package struct FoundContent: Hashable, Sendable {
    package var domain: DomainID
    package var memory: Bytes
    package var place: DoneTransfer.Place

    package init(domain: DomainID, memory: Bytes, place: DoneTransfer.Place) {
        self.domain = domain
        self.memory = memory
        self.place = place
    }
}

/// What ended runs tell of migrations and of where domains were taken. Whoever asks has asked for
/// the open runs before, which brings this up to date.
extension JournalStore {
    /// Of all migrations that are kept.
    package func transferMark() async throws -> TransferMark {
        try await read("read migrations from") { database in
            let row = try Row.fetchOne(
                database, sql: "SELECT count(*), coalesce(max(id), 0) FROM transfer")
            return TransferMark(count: row?[0] ?? 0, newest: row?[1] ?? 0)
        }
    }

    /// Of all live migrations, of those of each pair of hosts, and of all cold moves.
    package func transferMarks() async throws -> [TransferGroup: TransferMark] {
        try await read("read migrations from") { database in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT cold, source, target, count(*), max(id) FROM transfer
                    WHERE helped = 0 GROUP BY cold, source, target
                    """)
            var marks: [TransferGroup: TransferMark] = [:]
            for row in rows {
                let isCold: Bool = row[0]
                let mark = TransferMark(count: row[3], newest: row[4])
                let all = TransferGroup(isCold: isCold)
                let sum = marks[all] ?? TransferMark()
                marks[all] = TransferMark(
                    count: sum.count + mark.count, newest: max(sum.newest, mark.newest))
                guard !isCold else { continue }
                let pair = TransferGroup(source: HostName(row[1]), target: HostName(row[2]))
                marks[pair] = mark
            }
            return marks
        }
    }

    /// The latest of a group, in order of time.
    package func transfers(
        of group: TransferGroup, latest count: Int
    ) async throws -> [DoneTransfer] {
        let texts = try await read("read migrations from") { database in
            let ends = group.source == nil ? "" : "AND source = :source AND target = :target"
            var arguments: StatementArguments = ["cold": group.isCold, "count": count]
            if let source = group.source, let target = group.target {
                arguments += ["source": source.rawValue, "target": target.rawValue]
            }
            return try String.fetchAll(
                database,
                sql: """
                    SELECT json FROM transfer WHERE helped = 0 AND cold = :cold \(ends)
                    ORDER BY ended DESC, run DESC, step DESC LIMIT :count
                    """, arguments: arguments)
        }
        return try texts.reversed().map { try decode(DoneTransfer.self, $0) }
    }

    /// All of them, helped or not, from this run on.
    package func transfers(since run: RunID) async throws -> [DoneTransfer] {
        let texts = try await read("read migrations from") { database in
            try String.fetchAll(
                database, sql: "SELECT json FROM transfer WHERE run >= ?",
                arguments: [run.rawValue])
        }
        return try texts.map { try decode(DoneTransfer.self, $0) }
    }

    /// What the last live migration of each domain found that told of it.
    package func contents() async throws -> [FoundContent] {
        try await read("read migrations from") { database in
            let rows = try Row.fetchCursor(
                database,
                sql: """
                    SELECT domain, content, ended, run, step FROM transfer
                    WHERE cold = 0 AND content IS NOT NULL
                    """)
            var found: [DomainID: FoundContent] = [:]
            while let row = try rows.next() {
                let one = FoundContent(
                    domain: DomainID(row[0]), memory: Bytes(row[1]),
                    place: DoneTransfer.Place(
                        at: row[2], run: RunID(row[3] as Int64), step: StepID(row[4] as Int)))
                if let known = found[one.domain], known.place > one.place { continue }
                found[one.domain] = one
            }
            return found.values.sorted { $0.domain < $1.domain }
        }
    }

    /// Where ended runs took the domains that one of them took away from these hosts to empty them,
    /// and these domains beside; in order of time.
    package func moves(
        of domains: [DomainID], takenFrom hosts: [HostName]
    ) async throws -> [RunMove] {
        let lists = try [domains.map(\.rawValue), hosts.map(\.rawValue)].map {
            String(decoding: try CanonicalJSON.encode($0), as: UTF8.self)
        }
        return try await read("read where domains were taken from") { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT run, domain, source, target, drained, mode FROM displacement
                    WHERE domain IN (SELECT value FROM json_each(?)) OR domain IN (
                        SELECT domain FROM displacement
                        WHERE drained = 1 AND source IN (SELECT value FROM json_each(?)))
                    ORDER BY run, position
                    """, arguments: [lists[0], lists[1]]
            ).map { row in
                RunMove(
                    run: RunID(row[0] as Int64),
                    move: Move(
                        domain: DomainID(row[1]), source: HostName(row[2]),
                        target: HostName(row[3])),
                    leavesDrained: row[4],
                    inPlace: (row[5] as String?).flatMap { Step.Mode(rawValue: $0) })
            }
        }
    }
}
