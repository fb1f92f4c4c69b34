import Foundation
import Glibc
import Persistence
import Testing

/// Our files hold the names of guests: nobody but their owner reads them, and nobody else can have
/// put them there.
@Suite(.serialized)
struct PrivateFileTests {
    private static let names = ["metrics.sqlite", "journal.sqlite", FleetLock.fileName]

    private func mode(_ path: String) -> mode_t {
        var info = stat()
        return stat(path, &info) == 0 ? info.st_mode & 0o7777 : 0
    }

    private func open(_ folder: String) throws {
        let metrics = try MetricsStore(directory: folder)
        let journal = try JournalStore(directory: folder)
        guard case .acquired(let lock) = try FleetLock.acquire(directory: folder, purpose: "x")
        else { throw CocoaError(.fileLocking) }
        for name in Self.names {
            for ending in ["", "-wal", "-shm"] {
                let bits = mode("\(folder)/\(name)\(ending)")
                #expect(bits & 0o007 == 0, "\(name)\(ending): \(String(bits, radix: 8))")
            }
        }
        lock.release()
        try journal.close()
        try metrics.close()
    }

    @Test func whatIsMadeIsForItsOwnerAlone() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        // The process's own umask, which others run under at this moment, lets everybody read.
        let folder = scratch.file("deep/database")
        try open(folder)
        #expect(mode(folder) == 0o700)
        for name in Self.names { #expect(mode("\(folder)/\(name)") == 0o600, "\(name)") }
    }

    @Test func whatAnEarlierVersionMadeIsNarrowed() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        try open(scratch.path)
        for name in Self.names { chmod(scratch.file(name), 0o644) }
        try open(scratch.path)
        for name in Self.names { #expect(mode(scratch.file(name)) == 0o600, "\(name)") }
        // A group that may write was given the files on purpose.
        for name in Self.names { chmod(scratch.file(name), 0o664) }
        try open(scratch.path)
        for name in Self.names { #expect(mode(scratch.file(name)) == 0o660, "\(name)") }
    }

    @Test func aFolderThatEverybodyCanWriteIsRefused() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        try open(scratch.path)
        chmod(scratch.path, 0o777)
        let error = #expect(throws: StoreError.self) {
            _ = try JournalStore(directory: scratch.path)
        }
        #expect(error?.kind == .exposed && error?.remedy?.contains("chmod o-w") == true)
        // Others cannot replace what is ours there, and what is not ours is not read.
        chmod(scratch.path, 0o1777)
        try open(scratch.path)
        if geteuid() == 0 {
            chown(scratch.file("journal.sqlite"), 12345, 12345)
            #expect(throws: StoreError.self) { _ = try JournalStore(directory: scratch.path) }
            chown(scratch.file("journal.sqlite"), 0, 0)
        }
        chmod(scratch.path, 0o770)
        try open(scratch.path)
    }
}
