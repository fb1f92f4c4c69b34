package import ClusterModel
package import Execution
import GRDB

/// A run with a record that this version cannot read.
package struct UnreadableRun: Hashable, Sendable {
    package var run: RunID
    package var kind: String
    package var hosts: [HostName]
    package var createdAt: Timestamp
    /// Which record, why, and what helps.
    package var reason: String
    /// Its last record says that it ended: nothing of it is open.
    package var isOver: Bool
}

extension JournalStore {
    /// In order of start.
    package func unreadableRuns() async throws -> [UnreadableRun] {
        var found: [UnreadableRun] = []
        for run in try await withoutSummary() {
            do {
                _ = try await state(of: run)
            } catch let error as StoreError where error.isOfOneRun {
                if let one = try await unreadable(run, error) { found.append(one) }
            }
        }
        return found
    }

    /// What can be said of it without its records.
    private func unreadable(_ run: RunID, _ error: StoreError) async throws -> UnreadableRun? {
        try await read("list the runs of") { database in
            let row = try Row.fetchOne(
                database,
                sql: """
                    SELECT kind, hosts, created, (
                        SELECT event FROM record WHERE run = id ORDER BY sequence DESC LIMIT 1)
                    FROM run WHERE id = ?
                    """, arguments: [run.rawValue])
            guard let row else { return nil }
            let last = row[3] as String? ?? ""
            let names = try? CanonicalJSON.decode([HostName].self, from: row[1] as String)
            return UnreadableRun(
                run: run, kind: row[0], hosts: names ?? [],
                createdAt: Timestamp(milliseconds: row[2]), reason: "\(error)",
                isOver: last.hasPrefix("{\"ended\"") && !last.contains("\"halted\""))
        }
    }
}

extension StoreError {
    /// A record is damaged or too new: the file itself is sound.
    var isOfOneRun: Bool {
        switch kind {
        case .newer, .corrupt: true
        case .foreign, .notWritable, .exposed, .diskFull, .remote, .locked, .missing, .failed:
            false
        }
    }
}
