import ClusterModel
import Execution
import GRDB

/// Journal records as JSON text, and back with nothing forgiven.
enum JournalCoding {
    static func text(of event: some Encodable) throws -> String {
        String(decoding: try CanonicalJSON.encode(event), as: UTF8.self)
    }

    /// The records of a run, from the one after `last` on and without a hole.
    static func records(
        of rows: [StoredRecord], run: RunID, file: DatabaseFile, after last: Int = 0
    ) throws -> [JournalRecord] {
        try refuseHoles(in: rows, run: run, file: file, after: last)
        return try rows.map { row in
            JournalRecord(
                sequence: row.sequence, at: Timestamp(milliseconds: row.time),
                event: try event(
                    JournalEvent.self, of: row, known: JournalRecord.currentVersion, run: run,
                    file: file))
        }
    }

    /// The same for a rolling reboot.
    static func rebootRecords(
        of rows: [StoredRecord], run: RunID, file: DatabaseFile, after last: Int
    ) throws -> [RebootRecord] {
        try refuseHoles(in: rows, run: run, file: file, after: last)
        return try rows.map { row in
            RebootRecord(
                sequence: row.sequence, at: Timestamp(milliseconds: row.time),
                event: try event(
                    RebootEvent.self, of: row, known: RebootRecord.currentVersion, run: run,
                    file: file))
        }
    }

    private static func refuseHoles(
        in rows: [StoredRecord], run: RunID, file: DatabaseFile, after last: Int
    ) throws {
        for (index, row) in rows.enumerated() where row.sequence != last + index + 1 {
            throw StoreError(
                kind: .corrupt, file: file.path, operation: "read run \(run) from",
                message: "record \(last + index + 1) is missing")
        }
    }

    private static func event<Event: Decodable>(
        _ type: Event.Type, of row: StoredRecord, known: Int, run: RunID, file: DatabaseFile
    ) throws -> Event {
        guard row.version <= known else {
            throw StoreError(
                kind: .newer, file: file.path, operation: "read run \(run) from",
                message: "record \(row.sequence) has version \(row.version), written by a newer "
                    + "kvmbalance (this one knows \(known))",
                remedy: "install that version again")
        }
        do {
            return try CanonicalJSON.decode(Event.self, from: row.event)
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
