import GRDB

extension StoreError {
    /// SQLite's result code in words. Source: sqlite.org/rescode.html.
    init(_ error: DatabaseError, file: String, operation: String) {
        let code = "SQLite error \(error.extendedResultCode.rawValue)"
        let said = error.message.map { "\($0), \(code)" } ?? code
        func make(_ kind: Kind, _ message: String, _ remedy: String) -> StoreError {
            StoreError(
                kind: kind, file: file, operation: operation, message: "\(message) (\(said))",
                remedy: remedy)
        }
        switch error.resultCode {
        // Full before anything is written: the index of the WAL cannot be made as large as it must.
        case .SQLITE_FULL,
            .SQLITE_IOERR where error.extendedResultCode == .SQLITE_IOERR_SHMSIZE:
            self = make(
                .diskFull, "the disk is full",
                "free some space there; everything written before is safe")
        case .SQLITE_CORRUPT:
            self = make(
                .corrupt, "the file is damaged",
                "restore it from a backup, or save what is left with 'sqlite3 FILE .recover'")
        case .SQLITE_NOTADB:
            self = make(
                .foreign, "this is not a database",
                "check what the file is and move it away; a new database is then created")
        case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH:
            self = make(
                .notWritable, "the file or its directory cannot be written",
                "check the owner, the permissions and the mount, or set another 'database'")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self = make(
                .locked, "another program holds the database",
                "see who has it open with 'fuser FILE' and try again")
        case .SQLITE_IOERR:
            self = make(
                .failed, "the disk reports read or write errors", "check the kernel's log (dmesg)")
        default:
            // The codes are SQLite's and open-ended: whatever else it says is passed on as it is.
            self = StoreError(kind: .failed, file: file, operation: operation, message: said)
        }
    }
}
