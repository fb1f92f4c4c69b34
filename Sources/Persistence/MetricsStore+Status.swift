package import ClusterModel
import GRDB
package import Telemetry

/// When a host was last heard of, and when it last did not answer.
package struct HostContact: Hashable, Sendable {
    package var host: HostName
    package var newestSample: Timestamp?
    package var newestFailure: Timestamp?
    /// Why it did not answer then.
    package var failureReason: String?
}

/// One time that a host did not answer.
package struct HostFailure: Hashable, Sendable {
    package var host: HostName
    package var at: Timestamp
    package var reason: String
}

extension MetricsStore {
    /// Every host that was ever asked, in order of name.
    package func contacts() async throws -> [HostContact] {
        try await read("read hosts from") { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT name, newestSample, newestFailure, failureReason FROM host ORDER BY name
                    """
            ).map { row in
                HostContact(
                    host: HostName(row[0] as String), newestSample: Self.time(row[1]),
                    newestFailure: Self.time(row[2]), failureReason: row[3])
            }
        }
    }

    /// In order of time; after `start`, up to and including `end`.
    package func failures(from start: Timestamp, to end: Timestamp) async throws -> [HostFailure] {
        try await read("read failures from") { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT name, time, reason FROM hostFailure JOIN host ON host.id = host
                    WHERE time > ? AND time <= ? ORDER BY time, name
                    """, arguments: [start.milliseconds, end.milliseconds]
            ).map { row in
                HostFailure(
                    host: HostName(row[0] as String), at: Timestamp(milliseconds: row[1]),
                    reason: row[2])
            }
        }
    }

    /// What each host was last found to be, in order of name; without what cannot be right, such
    /// as an earlier version may have stored.
    package func observations() async throws -> [HostObservation] {
        try await read("read facts from") { [file] database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT name, version, json FROM observation JOIN host ON host.id = host
                    ORDER BY name
                    """
            ).map { row in
                let version: Int = row[1]
                guard version <= Self.observationVersion else {
                    throw StoreError(
                        kind: .newer, file: file.path, operation: "read facts from",
                        message: "the facts of \(row[0] as String) have version \(version),"
                            + " written by a newer kvmbalance",
                        remedy: "install that version again")
                }
                do {
                    return try CanonicalJSON.decode(HostObservation.self, from: row[2])
                } catch {
                    throw StoreError(
                        kind: .corrupt, file: file.path, operation: "read facts from",
                        message: "the facts of \(row[0] as String) cannot be read: \(error)",
                        remedy: "run 'kvmbalance collect --once', which replaces them")
                }
            }.filter(\.faults.isEmpty)
        }
    }

    func read<T: Sendable>(
        _ operation: String, _ body: @Sendable (Database) throws -> T
    ) async throws -> T {
        do { return try await pool.read(body) } catch { throw file.error(operation, error) }
    }

    private static func time(_ milliseconds: Int64?) -> Timestamp? {
        milliseconds.map { Timestamp(milliseconds: $0) }
    }
}
