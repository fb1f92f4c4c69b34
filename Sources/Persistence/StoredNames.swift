package import Execution
import Foundation
import GRDB

/// Names that the databases hold, for the completion of a command line: read in milliseconds, by
/// whoever may read them, and nothing is made, migrated or written for it.
package struct StoredNames {
    /// Runs that a command is about.
    package enum Runs: Sendable {
        case all
        /// Those that were not seen to end.
        case open
        /// Those and what ended other than done or rolled back.
        case unfinished
    }

    /// A domain that was not seen for this long is not offered.
    private static let forgottenAfter: Int64 = 24 * 3600 * 1000

    private let directory: String

    package init(directory: String) { self.directory = directory }

    /// Domains that were there in the last day that was sampled, in order of name.
    package func domains(beginning prefix: String) throws -> [String] {
        try read(MetricsStore.fileName) { database in
            try String.fetchAll(
                database,
                sql: """
                    SELECT DISTINCT name FROM domain
                    WHERE newest >= (SELECT max(newest) FROM domain) - :age
                    AND substr(name, 1, length(:prefix)) = :prefix ORDER BY name
                    """, arguments: ["age": Self.forgottenAfter, "prefix": prefix])
        }
    }

    /// The newest runs, newest first.
    package func runs(_ runs: Runs, atMost most: Int) throws -> [RunID] {
        let condition =
            switch runs {
            case .all: "1"
            case .open: Self.isOpen
            case .unfinished: "\(Self.isOpen) OR state NOT IN ('done', 'rolled-back')"
            }
        return try read(JournalStore.fileName) { database in
            try Int64.fetchAll(
                database,
                sql: """
                    SELECT id FROM run LEFT JOIN summary ON summary.run = id
                    WHERE \(condition) ORDER BY id DESC LIMIT \(most)
                    """
            ).map { RunID($0) }
        }
    }

    /// Rolling reboots have no summary: their last record says that they ended.
    private static let isOpen = """
        (state IS NULL AND NOT EXISTS (
            SELECT 1 FROM rebootRecord WHERE rebootRecord.run = id AND event LIKE '{"ended"%'
            AND sequence = (SELECT max(sequence) FROM rebootRecord WHERE rebootRecord.run = id)))
        """

    private func read<T>(_ name: String, _ body: (Database) throws -> T) throws -> T {
        let path = directory + "/" + name
        if let doubt = FolderOwner.doubt(about: path, in: directory) {
            throw StoreError(
                kind: .exposed, file: path, operation: "open", message: doubt,
                remedy: "chmod o-w \(directory), or set another 'database' in the fleet file")
        }
        var configuration = Configuration()
        configuration.readonly = true
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        defer { try? queue.close() }
        return try queue.read(body)
    }
}
