import Foundation
import GRDB

/// Small values that outlive a process, by name: a state and not a history, like the register of
/// maintenance. They are here because losing one may cost guests moves that they do not need.
extension JournalStore {
    /// nil when nothing is kept under this name; throws when it cannot be read.
    package func remembered<Value: Decodable & Sendable>(
        _ name: String, as type: Value.Type
    ) async throws -> Value? {
        let json = try await read("read the timer's state from") { database in
            try String.fetchOne(
                database, sql: "SELECT json FROM memory WHERE name = ?", arguments: [name])
        }
        guard let json else { return nil }
        return try decode(
            type, json, to: "read '\(name)' from",
            else: "delete it, and guests that were moved lately may be moved again: sqlite3 "
                + "\(file.path) \"DELETE FROM memory WHERE name = '\(name)'\"")
    }

    /// Of this database, drawn at random when it was first asked for: of two on one machine each
    /// has its own.
    package func identity() async throws -> String {
        let name = "identity of this database"
        if let kept = try await remembered(name, as: String.self) { return kept }
        try await remember(UUID().uuidString.lowercased(), as: name)
        return try await remembered(name, as: String.self) ?? ""
    }

    package func remember(_ value: some Encodable & Sendable, as name: String) async throws {
        let json = String(decoding: try CanonicalJSON.encode(value), as: UTF8.self)
        try await file.shielded("store the timer's state in") { [queue] in
            try await queue.write { database in
                try database.execute(
                    sql: """
                        INSERT INTO memory (name, json) VALUES (?, ?)
                        ON CONFLICT (name) DO UPDATE SET json = excluded.json
                        """, arguments: [name, json])
            }
        }
    }
}
