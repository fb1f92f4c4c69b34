import ClusterModel
import Foundation
import GRDB
package import Telemetry

/// The metrics database, `metrics.sqlite`: raw samples as they came, and what each host was found
/// to be when it was last looked at.
///
/// It may lose the last second in a power cut (WAL, synchronous NORMAL) and nothing when only the
/// process dies. Several processes may read while one writes.
package struct MetricsStore: SampleSink, ObservationSink {
    package static let fileName = "metrics.sqlite"
    package static let observationVersion = 1

    let file: DatabaseFile
    let pool: DatabasePool
    let writer: SampleWriter

    /// Twice as many domains as any host starts in an hour.
    package static let mostNewcomers = 4096

    /// Opens the database in this directory, or makes it. `maximumPages` caps its size, in pages of
    /// 4 KiB: a write beyond it fails as on a full disk. Of a host's domains that were never seen,
    /// `mostNewcomers` are recorded in an hour; nil records all.
    package init(
        directory: String, maximumPages: Int? = nil,
        mostNewcomers: Int? = MetricsStore.mostNewcomers
    ) throws {
        file = try DatabaseFile(
            directory: directory, name: Self.fileName, identity: .metrics,
            maximumPages: maximumPages)
        do {
            pool = try DatabasePool(path: file.path, configuration: file.configuration())
            try file.migrate(pool, with: MetricsSchema.migrator())
        } catch {
            throw file.error("open", error)
        }
        writer = SampleWriter(mostNewcomers: mostNewcomers)
    }

    /// The writing connection is closed last, for only that one can fold its log into the database.
    package func close() throws {
        pool.invalidateReadOnlyConnections()
        do { try pool.close() } catch { throw file.error("close", error) }
    }

    package func store(_ batch: [SampleOutcome]) async throws {
        try await file.shielded("store samples in") { [pool, writer] in
            do {
                try await pool.write { try writer.insert(batch, into: $0) }
            } catch {
                // Names that the transaction added were rolled back with it.
                writer.forgetNames()
                throw error
            }
        }
    }

    /// Answers about CPUs that this observation does not have stay as they were, while the host
    /// does.
    package func store(_ observation: HostObservation) async throws {
        try await file.shielded("store facts in") { [pool, writer] in
            do {
                try await pool.write { database in
                    var observation = observation
                    if observation.facts.cpuAnswers == nil {
                        observation.facts.cpuAnswers = try Self.cpuAnswers(
                            of: observation, in: database)
                    }
                    let json = String(
                        decoding: try CanonicalJSON.encode(observation), as: UTF8.self)
                    try database.execute(
                        sql: """
                            INSERT INTO observation (host, time, version, json) VALUES (?, ?, ?, ?)
                            ON CONFLICT (host) DO UPDATE SET time = excluded.time,
                                version = excluded.version, json = excluded.json
                            """,
                        arguments: [
                            try writer.number(of: observation.host, in: database),
                            observation.at.milliseconds, Self.observationVersion, json,
                        ])
                }
            } catch {
                writer.forgetNames()
                throw error
            }
        }
    }

    private static func cpuAnswers(
        of observation: HostObservation, in database: Database
    ) throws -> [CPUAnswer]? {
        let stored = try String.fetchOne(
            database,
            sql: "SELECT json FROM observation JOIN host ON host.id = host WHERE name = ?",
            arguments: [observation.host.rawValue])
        guard let stored,
            let last = try? CanonicalJSON.decode(HostObservation.self, from: stored),
            CPUAnswerBasis(last.facts) == CPUAnswerBasis(observation.facts)
        else { return nil }
        return last.facts.cpuAnswers
    }
}
