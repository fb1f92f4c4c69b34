import ClusterModel
import Execution
import GRDB

/// Journal records as JSON text, and back with nothing forgiven.
enum JournalCoding {
    static func text(of event: JournalEvent) throws -> String {
        String(decoding: try CanonicalJSON.encode(event), as: UTF8.self)
    }

    /// From a row of `sequence, time, version, event`.
    static func record(of row: Row, run: RunID, file: DatabaseFile) throws -> JournalRecord {
        let sequence: Int = row[0]
        let version: Int = row[2]
        guard version <= JournalRecord.currentVersion else {
            throw StoreError(
                kind: .newer, file: file.path, operation: "read run \(run) from",
                message: "record \(sequence) has version \(version), written by a newer kvmbalance"
                    + " (this one knows \(JournalRecord.currentVersion))",
                remedy: "install that version again")
        }
        do {
            return JournalRecord(
                sequence: sequence, at: Timestamp(milliseconds: row[1]),
                event: try CanonicalJSON.decode(JournalEvent.self, from: row[3]))
        } catch {
            throw StoreError(
                kind: .corrupt, file: file.path, operation: "read run \(run) from",
                message: "record \(sequence) cannot be read: \(error)",
                remedy: "look at the hosts by hand (virsh list) before anything is migrated again")
        }
    }
}
