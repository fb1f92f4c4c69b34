package import ClusterModel
package import Execution
import GRDB

extension JournalStore {
    package func records(of run: RunID) async throws -> [JournalRecord] {
        var rows = try await storedRecords(of: run)
        if rows.isEmpty { rows = try await archivedRecords(of: run) }
        guard !rows.isEmpty else {
            throw StoreError(
                kind: .missing, file: file.path, operation: "read run \(run) from",
                message: "there is no run \(run)",
                remedy: "list the runs with 'kvmbalance runs list'")
        }
        // Outside the database, so that others can read meanwhile.
        return try JournalCoding.records(of: rows, run: run, file: file)
    }

    func storedRecords(of run: RunID, after sequence: Int = 0) async throws -> [StoredRecord] {
        try await read("read run \(run) from") { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT sequence, time, version, event FROM record
                    WHERE run = ? AND sequence > ? ORDER BY sequence
                    """, arguments: [run.rawValue, sequence]
            ).map(StoredRecord.init)
        }
    }

    /// The records of a run after this one, for those who watch it: none when nothing happened.
    package func records(of run: RunID, after sequence: Int) async throws -> [JournalRecord] {
        let rows = try await storedRecords(of: run, after: sequence)
        return try JournalCoding.records(of: rows, run: run, file: file, after: sequence)
    }

    /// The run folded; throws where a record cannot be read, or the plan is missing.
    package func state(of run: RunID) async throws -> RunState {
        let records = try await records(of: run)
        return RunState(plan: try plan(in: records, of: run), records: records)
    }

    /// Without rolling reboots.
    package func runs() async throws -> [RunID] {
        try await read("list the runs of") { database in
            try Int64.fetchAll(
                database, sql: "SELECT id FROM run WHERE kind <> ? ORDER BY id DESC",
                arguments: [Self.rebootKind]
            ).map { RunID($0) }
        }
    }

    /// The plan that the run was opened with.
    package func plan(of run: RunID) async throws -> MigrationPlan {
        try plan(in: try await records(of: run), of: run)
    }

    func plan(in records: [JournalRecord], of run: RunID) throws -> MigrationPlan {
        for record in records {
            if case .planned(let plan, _) = record.event { return plan }
        }
        throw StoreError(
            kind: .corrupt, file: file.path, operation: "read run \(run) from",
            message: "it has no plan")
    }

    func read<T: Sendable>(
        _ operation: String, _ body: @Sendable (Database) throws -> T
    ) async throws -> T {
        do { return try await queue.read(body) } catch { throw file.error(operation, error) }
    }
}
