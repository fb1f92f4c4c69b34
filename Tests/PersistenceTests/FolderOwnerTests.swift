import Foundation
import Glibc
import Persistence
import Testing

/// Root was there first: the services can still write what it made.
struct FolderOwnerTests {
    @Test(.enabled(if: geteuid() == 0, "only root makes files for others"))
    func whatRootMakesBelongsToTheFoldersOwner() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let owner: uid_t = 12345
        chown(scratch.path, owner, owner)
        let metrics = try MetricsStore(directory: scratch.path)
        let journal = try JournalStore(directory: scratch.path)
        guard
            case .acquired(let lock) = try FleetLock.acquire(directory: scratch.path, purpose: "x")
        else { throw CocoaError(.fileLocking) }
        lock.release()
        try journal.close()
        try metrics.close()
        for name in ["metrics.sqlite", "journal.sqlite", FleetLock.fileName] {
            var info = stat()
            #expect(stat(scratch.file(name), &info) == 0, "\(name)")
            #expect(info.st_uid == owner && info.st_gid == owner, "\(name)")
        }
    }

    /// A link of the folder's owner must not make root give somebody else's file away.
    @Test(.enabled(if: geteuid() == 0, "only root makes files for others"))
    func noOtherFileChangesItsOwner() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let other = try Scratch()
        defer { other.remove() }
        chown(scratch.path, 12345, 12345)
        try Data().write(to: URL(fileURLWithPath: other.file("precious")))
        try FileManager.default.createSymbolicLink(
            atPath: scratch.file(FleetLock.fileName), withDestinationPath: other.file("precious"))
        _ = try? FleetLock.acquire(directory: scratch.path, purpose: "x")
        var info = stat()
        #expect(stat(other.file("precious"), &info) == 0 && info.st_uid == 0)
    }
}
