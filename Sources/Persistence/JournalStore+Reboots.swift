package import ClusterModel
package import Execution
import GRDB

/// Rolling reboots: they have their numbers among the runs, and a table of records.
extension JournalStore {
    /// What `run` says of them.
    package static let rebootKind = "rolling-reboot"

    package func openReboot(
        _ request: RebootRequest, at time: Timestamp, process: Int32
    ) async throws -> RunID {
        let texts = try [RebootEvent.taken(process: process), .asked(request)].map {
            try JournalCoding.text(of: $0)
        }
        return try await file.shielded("open a run in") { [queue] in
            try await queue.write { database in
                let run = try Self.insert(
                    Self.rebootKind, request.hosts, at: time, in: database)
                for text in texts { try Self.append(text, toReboot: run, at: time, in: database) }
                return run
            }
        }
    }

    package func append(
        _ event: RebootEvent, toReboot run: RunID, at time: Timestamp
    ) async throws {
        try await file.shielded("append to run \(run) in") { [queue] in
            let text = try JournalCoding.text(of: event)
            try await queue.write { try Self.append(text, toReboot: run, at: time, in: $0) }
        }
    }

    static func append(
        _ text: String, toReboot run: RunID, at time: Timestamp, in database: Database
    ) throws {
        try database.execute(
            sql: """
                INSERT INTO rebootRecord (run, sequence, time, version, event)
                SELECT :run, coalesce(max(sequence), 0) + 1, :time, :version, :event
                FROM rebootRecord WHERE run = :run
                """,
            arguments: [
                "run": run.rawValue, "time": time.milliseconds,
                "version": RebootRecord.currentVersion, "event": text,
            ])
    }

    /// All rolling reboots, newest first.
    package func reboots() async throws -> [RunID] {
        try await read("list the runs of") { database in
            try Int64.fetchAll(
                database, sql: "SELECT id FROM run WHERE kind = ? ORDER BY id DESC",
                arguments: [Self.rebootKind]
            ).map { RunID($0) }
        }
    }

    /// The records after this one, without a hole.
    package func rebootRecords(
        of run: RunID, after last: Int = 0
    ) async throws -> [RebootRecord] {
        let rows = try await read("read run \(run) from") { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT sequence, time, version, event FROM rebootRecord
                    WHERE run = ? AND sequence > ? ORDER BY sequence
                    """, arguments: [run.rawValue, last]
            ).map(StoredRecord.init)
        }
        return try JournalCoding.rebootRecords(of: rows, run: run, file: file, after: last)
    }

    /// The rolling reboot folded.
    package func rebootState(of run: RunID) async throws -> RebootState {
        let records = try await rebootRecords(of: run)
        for record in records {
            if case .asked(let request) = record.event {
                return RebootState(request: request, records: records)
            }
        }
        throw StoreError(
            kind: .corrupt, file: file.path, operation: "read run \(run) from",
            message: "it has no request")
    }

    /// Those that have not ended, and halted ones, which somebody has to look at. Every run asks
    /// before it begins, so that of those that are over only the last record is read.
    package func unfinishedReboots() async throws -> [(run: RunID, state: RebootState)] {
        var found: [(run: RunID, state: RebootState)] = []
        for run in try await reboots().reversed() {
            let ending = try await ending(of: run)
            if let ending, ending.state != .halted { continue }
            do {
                found.append((run, try await rebootState(of: run)))
            } catch let error as StoreError where error.isOfOneRun && ending != nil {
                // Given up by a person, who looked at the hosts.
            }
        }
        return found
    }

    /// As far as its last record says, whatever the others are; nil while it goes on.
    private func ending(of run: RunID) async throws -> RunOutcome? {
        let last = try await read("read run \(run) from") { database in
            try String.fetchOne(
                database,
                sql: """
                    SELECT event FROM rebootRecord WHERE run = ? ORDER BY sequence DESC LIMIT 1
                    """, arguments: [run.rawValue])
        }
        guard let last, let event = try? CanonicalJSON.decode(RebootEvent.self, from: last),
            case .ended(let outcome) = event
        else { return nil }
        return outcome
    }
}
