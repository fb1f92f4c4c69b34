package import ClusterModel
package import Execution
import GRDB

/// One run in a list of runs.
package struct RunSummary: Hashable, Sendable {
    package var id: RunID
    package var kind: MigrationPlan.Kind
    package var hosts: [HostName]
    package var createdAt: Timestamp
    /// When the newest record was written, how many there are, and which it is: `ended` is final
    /// until someone resumes the run.
    package var lastAt: Timestamp
    package var records: Int
    package var last: JournalEvent

    /// How it ended; nil while it is open.
    package var outcome: RunOutcome? {
        guard case .ended(let outcome) = last else { return nil }
        return outcome
    }
}

extension JournalStore {
    package func records(of run: RunID) async throws -> [JournalRecord] {
        try await read("read run \(run) from") { [file] database in
            let rows = try Row.fetchCursor(
                database,
                sql: """
                    SELECT sequence, time, version, event FROM record WHERE run = ?
                    ORDER BY sequence
                    """, arguments: [run.rawValue])
            var records: [JournalRecord] = []
            while let row = try rows.next() {
                let record = try JournalCoding.record(of: row, run: run, file: file)
                guard record.sequence == records.count + 1 else {
                    throw StoreError(
                        kind: .corrupt, file: file.path, operation: "read run \(run) from",
                        message: "record \(records.count + 1) is missing")
                }
                records.append(record)
            }
            guard !records.isEmpty else {
                throw StoreError(
                    kind: .missing, file: file.path, operation: "read run \(run) from",
                    message: "there is no run \(run)",
                    remedy: "list the runs with 'kvmbalance runs list'")
            }
            return records
        }
    }

    package func runs() async throws -> [RunID] {
        try await read("list the runs of") { database in
            try Int64.fetchAll(database, sql: "SELECT id FROM run ORDER BY id DESC")
                .map { RunID($0) }
        }
    }

    /// The plan that the run was opened with.
    package func plan(of run: RunID) async throws -> MigrationPlan {
        for record in try await records(of: run) {
            if case .planned(let plan, _) = record.event { return plan }
        }
        throw StoreError(
            kind: .corrupt, file: file.path, operation: "read run \(run) from",
            message: "it has no plan")
    }

    /// All runs, newest first.
    package func summaries() async throws -> [RunSummary] {
        try await read("list the runs of") { [file] database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT sequence, time, version, event, id, kind, hosts, created
                    FROM run JOIN record ON run = id
                    WHERE sequence = (SELECT max(sequence) FROM record WHERE run = id)
                    ORDER BY id DESC
                    """
            ).map { row in
                let id = RunID(row[4] as Int64)
                let last = try JournalCoding.record(of: row, run: id, file: file)
                let kind: String = row[5]
                guard let known = MigrationPlan.Kind(rawValue: kind) else {
                    throw StoreError(
                        kind: .corrupt, file: file.path, operation: "list the runs of",
                        message: "run \(id) is of an unknown kind, '\(kind)'")
                }
                return RunSummary(
                    id: id, kind: known,
                    hosts: try CanonicalJSON.decode([HostName].self, from: row[6]),
                    createdAt: Timestamp(milliseconds: row[7]), lastAt: last.at,
                    records: last.sequence, last: last.event)
            }
        }
    }

    func read<T: Sendable>(
        _ operation: String, _ body: @Sendable (Database) throws -> T
    ) async throws -> T {
        do { return try await queue.read(body) } catch { throw file.error(operation, error) }
    }
}
