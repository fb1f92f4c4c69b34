import ClusterModel
import Execution
import GRDB

/// Journal records as JSON text, and back with nothing forgiven.
enum JournalCoding {
    static func text(of event: JournalEvent) throws -> String {
        String(decoding: try CanonicalJSON.encode(event), as: UTF8.self)
    }

    /// The records of a run, from the one after `last` on and without a hole.
    static func records(
        of rows: [StoredRecord], run: RunID, file: DatabaseFile, after last: Int = 0
    ) throws -> [JournalRecord] {
        try rows.enumerated().map { index, row in
            guard row.sequence == last + index + 1 else {
                throw StoreError(
                    kind: .corrupt, file: file.path, operation: "read run \(run) from",
                    message: "record \(last + index + 1) is missing")
            }
            return try record(of: row, run: run, file: file)
        }
    }

    private static func record(
        of row: StoredRecord, run: RunID, file: DatabaseFile
    ) throws -> JournalRecord {
        guard row.version <= JournalRecord.currentVersion else {
            throw StoreError(
                kind: .newer, file: file.path, operation: "read run \(run) from",
                message: "record \(row.sequence) has version \(row.version), written by a newer "
                    + "kvmbalance (this one knows \(JournalRecord.currentVersion))",
                remedy: "install that version again")
        }
        do {
            return JournalRecord(
                sequence: row.sequence, at: Timestamp(milliseconds: row.time),
                event: try CanonicalJSON.decode(JournalEvent.self, from: row.event))
        } catch {
            throw StoreError(
                kind: .corrupt, file: file.path, operation: "read run \(run) from",
                message: "record \(row.sequence) cannot be read: \(error)",
                remedy: "look at the hosts by hand (virsh list) before anything is migrated again")
        }
    }
}

/// A record as it lies in the file.
struct StoredRecord: Sendable {
    var sequence: Int
    /// Milliseconds since 1970.
    var time: Int64
    var version: Int
    var event: String

    /// From a row of `sequence, time, version, event`.
    init(_ row: Row) {
        sequence = row[0]
        time = row[1]
        version = row[2]
        event = row[3]
    }
}
