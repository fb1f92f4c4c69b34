import Foundation
import GRDB

/// One of our SQLite files: its path, how it is recognised, how its schema came to be.
struct DatabaseFile: Sendable {
    /// Marks the file as ours, and as which of ours (`PRAGMA application_id`).
    enum Identity: Int32, Sendable {
        case metrics = 0x6b76_6d6d
        case journal = 0x6b76_6d6a
        case archive = 0x6b76_6d61
    }

    let path: String
    let identity: Identity
    /// A cap on its size, in pages of 4 KiB; nil for none.
    let maximumPages: Int?

    /// The directory is created when it is missing. A file that others could have put there is
    /// refused: what it holds says which runs are resumed, and with which plan.
    init(directory: String, name: String, identity: Identity, maximumPages: Int?) throws {
        path = directory + "/" + name
        self.identity = identity
        self.maximumPages = maximumPages
        do {
            try FolderOwner.makeFolder(directory)
        } catch {
            throw StoreError(
                kind: .notWritable, file: directory, operation: "make directory",
                message: DirectoryFailure.reason(directory),
                remedy: "check the owner and the mount, or set another 'database'")
        }
        if let doubt = FolderOwner.doubt(about: path, in: directory) {
            throw StoreError(
                kind: .exposed, file: path, operation: "open", message: doubt,
                remedy: "chmod o-w \(directory), or set another 'database' in the fleet file")
        }
        try LocalStorage.demand(directory)
        FolderOwner.prepare(path, in: directory)
    }

    /// Set up for each connection, before anything is written: another program's database is
    /// refused untouched.
    func configuration() -> Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        configuration.journalMode = .wal
        configuration.maximumReaderCount = 2
        configuration.prepareDatabase { [self] database in
            try refuseForeign(database)
            if let maximumPages {
                try database.execute(sql: "PRAGMA max_page_count = \(maximumPages)")
            }
        }
        return configuration
    }

    private func refuseForeign(_ database: Database) throws {
        let found = try Int32.fetchOne(database, sql: "PRAGMA application_id") ?? 0
        let tables = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_master") ?? 0
        guard tables > 0, found != identity.rawValue else { return }
        throw StoreError(
            kind: .foreign, file: path, operation: "open",
            message: "this database is not kvmbalance's \(identity)",
            remedy: "move it away, or set another 'database' in the fleet file")
    }

    /// Brings the schema up to date. What a newer program wrote is refused and left as it is.
    func migrate(_ writer: some DatabaseWriter, with migrator: DatabaseMigrator) throws {
        if try writer.read({ try migrator.hasBeenSuperseded($0) }) {
            throw StoreError(
                kind: .newer, file: path, operation: "open",
                message: "it was written by a newer kvmbalance than this one",
                remedy: "install that version again; this one cannot read its format")
        }
        try migrator.migrate(writer)
    }

    /// Turns whatever a database call threw into a `StoreError`.
    func error(_ operation: String, _ error: any Error) -> any Error {
        switch error {
        case is StoreError, is CancellationError: error
        case let error as DatabaseError: StoreError(error, file: path, operation: operation)
        default:
            StoreError(kind: .failed, file: path, operation: operation, message: "\(error)")
        }
    }

    /// Runs to its end whether or not the calling task is cancelled: GRDB would refuse to write
    /// then, and what happened must be written down above all when a run is being stopped.
    func shielded<T: Sendable>(
        _ operation: String, _ body: @escaping @Sendable () async throws -> T
    ) async throws -> T {
        do {
            return try await Task { try await body() }.value
        } catch {
            throw self.error(operation, error)
        }
    }
}
