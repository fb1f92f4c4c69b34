import ClusterModel
package import Execution
import GRDB

/// What ended runs came to. The records are the truth: only an ended run has a summary, it is made
/// of the run's own fold, and goes with the next record of that run.
extension JournalStore {
    /// So many runs are folded at once where many have no summary yet.
    private static let foldedAtOnce = 64

    /// Runs that have not ended, in order of start, without those that cannot be read. Those that
    /// ended meanwhile get their summaries.
    package func openRuns() async throws -> [(run: RunID, state: RunState)] {
        var open: [(run: RunID, state: RunState)] = []
        var runs = try await withoutSummary()[...]
        while !runs.isEmpty {
            let folded = try await fold(runs.prefix(Self.foldedAtOnce))
            runs = runs.dropFirst(Self.foldedAtOnce)
            open += folded.filter { $0.state.outcome == nil }.map { ($0.run, $0.state) }
            // Where they cannot be written, they are folded again the next time.
            try? await summarize(folded.filter { $0.state.outcome != nil })
        }
        return open
    }

    /// Runs that have not ended, and halted ones, which somebody has to look at: in order of start.
    package func unfinishedRuns() async throws -> [(run: RunID, state: RunState)] {
        var runs = try await openRuns()
        let halted = try await read("list the runs of") { database in
            try Int64.fetchAll(
                database, sql: "SELECT run FROM summary WHERE state = ?",
                arguments: [RunOutcome.State.halted.rawValue]
            ).map { RunID($0) }
        }
        for run in halted {
            guard let folded = try await readable(run) else { continue }
            runs.append((run, folded.state))
        }
        return runs.sorted { $0.run < $1.run }
    }

    /// All runs, newest first.
    package func summaries() async throws -> [RunSummary] {
        let open = try await openRuns().map { RunSummary($0.run, $0.state) }
        let texts = try await read("list the runs of") { database in
            try String.fetchAll(database, sql: "SELECT json FROM summary")
        }
        let ended = try texts.map { try decode(RunSummary.self, $0) }
        return (ended + open).sorted { $0.run > $1.run }
    }

    /// Ended runs that asked guests to shut down and did not see them up again, newest first.
    package func runsThatAsked() async throws -> [RunSummary] {
        // An open one gets its summary once it has ended.
        _ = try await openRuns()
        let texts = try await read("list the runs of") { database in
            try String.fetchAll(
                database,
                sql: """
                    SELECT json FROM summary WHERE state = ? AND json LIKE '%"asked":%'
                    ORDER BY run DESC
                    """, arguments: [RunOutcome.State.failed.rawValue])
        }
        return try texts.map { try decode(RunSummary.self, $0) }
    }

    // MARK: Keeping it

    private struct Folded: Sendable {
        var run: RunID
        var records: Int
        var state: RunState
    }

    func withoutSummary() async throws -> [RunID] {
        try await read("list the runs of") { database in
            try Int64.fetchAll(
                database,
                sql: """
                    SELECT id FROM run
                    WHERE kind <> ? AND NOT EXISTS (SELECT 1 FROM summary WHERE run = id)
                    ORDER BY id
                    """, arguments: [Self.rebootKind]
            ).map { RunID($0) }
        }
    }

    private func fold(_ runs: some Sequence<RunID>) async throws -> [Folded] {
        try await withThrowingTaskGroup(of: Folded?.self) { group in
            for run in runs { group.addTask { try await readable(run) } }
            return try await group.reduce(into: []) { $0 += $1.map { [$0] } ?? [] }
                .sorted { $0.run < $1.run }
        }
    }

    /// nil where one of its records cannot be read: that hinders this run and no other.
    private func readable(_ run: RunID) async throws -> Folded? {
        do {
            let records = try await records(of: run)
            let state = RunState(plan: try plan(in: records, of: run), records: records)
            return Folded(run: run, records: records.count, state: state)
        } catch let error as StoreError where error.isOfOneRun {
            return nil
        }
    }

    private func summarize(_ runs: [Folded]) async throws {
        guard !runs.isEmpty else { return }
        let entries = try runs.map { try Entry($0.run, $0.records, $0.state) }
        try await file.shielded("store summaries in") { [queue] in
            try await queue.write { database in
                for entry in entries { try entry.write(to: database) }
            }
        }
    }

    func decode<T: Decodable>(_ type: T.Type, _ text: String) throws -> T {
        try decode(
            type, text, to: "read summaries of runs from",
            else: "delete them, and the next command makes them again: sqlite3 \(file.path) "
                + "'DELETE FROM summary'")
    }

    /// Of what can be made again, or be done without: the remedy says how to be rid of it.
    func decode<T: Decodable>(
        _ type: T.Type, _ text: String, to operation: String, else remedy: String
    ) throws -> T {
        do {
            return try CanonicalJSON.decode(type, from: text)
        } catch {
            throw StoreError(
                kind: .corrupt, file: file.path, operation: operation, message: "\(error)",
                remedy: remedy)
        }
    }
}

/// All that is kept of one ended run beside its records.
private struct Entry: Sendable {
    struct Transfer: Sendable {
        var transfer: DoneTransfer
        var json: String
    }

    let summary: RunSummary
    let records: Int
    let json: String
    let moves: [RunMove]
    let transfers: [Transfer]

    init(_ run: RunID, _ records: Int, _ state: RunState) throws {
        summary = RunSummary(run, state)
        self.records = records
        json = try Self.text(summary)
        moves = state.moves(of: run)
        transfers = try state.transfers(of: run).map {
            Transfer(transfer: $0, json: try Self.text($0))
        }
    }

    private static func text(_ value: some Encodable) throws -> String {
        String(decoding: try CanonicalJSON.encode(value), as: UTF8.self)
    }

    /// Nothing where the run went on since it was folded.
    func write(to database: Database) throws {
        let run = summary.run.rawValue
        let last = try Int.fetchOne(
            database, sql: "SELECT max(sequence) FROM record WHERE run = ?", arguments: [run])
        guard last == records, let outcome = summary.outcome else { return }
        for table in ["summary", "displacement", "transfer"] {
            try database.execute(sql: "DELETE FROM \(table) WHERE run = ?", arguments: [run])
        }
        try database.execute(
            sql: "INSERT INTO summary (run, state, json) VALUES (?, ?, ?)",
            arguments: [run, outcome.state.rawValue, json])
        for (position, one) in moves.enumerated() {
            try database.execute(
                sql: "INSERT INTO displacement VALUES (?, ?, ?, ?, ?, ?, ?)",
                arguments: [
                    run, position, one.move.domain.rawValue, one.move.source.rawValue,
                    one.move.target.rawValue, one.leavesDrained, one.inPlace?.rawValue,
                ])
        }
        for one in transfers { try write(one, to: database) }
    }

    private func write(_ one: Transfer, to database: Database) throws {
        let (transfer, move) = (one.transfer, one.transfer.step.move)
        try database.execute(
            sql: """
                INSERT INTO transfer
                (run, step, ended, domain, source, target, cold, helped, content, json)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                transfer.run.rawValue, transfer.step.id.rawValue, transfer.place.at,
                move.domain.rawValue, move.source.rawValue, move.target.rawValue, transfer.isCold,
                transfer.wasHelped, transfer.observed.content?.count, one.json,
            ])
    }
}
