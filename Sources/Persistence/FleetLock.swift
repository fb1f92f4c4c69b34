package import Execution
import Foundation
import Glibc
import Synchronization

/// The right to change the fleet: one process at a time, by a lock on `run.lock` in the database
/// directory.
///
/// The kernel holds the lock (flock(2)) and releases it when its process ends, however it ends, so
/// that there is no such thing as a stale lock. The file says who has it and is never deleted:
/// deleting it would let two processes lock two files of one name.
package final class FleetLock: Sendable {
    package static let fileName = "run.lock"
    /// The same for the right to store samples, so that none is stored twice.
    package static let collectorFileName = "collect.lock"

    /// What came of asking for the lock.
    package enum Acquisition: Sendable {
        case acquired(FleetLock)
        /// Another process has it: exit code 75.
        case held(Holder)
    }

    package let path: String
    private let descriptor: Int32
    private let reboot = Mutex<RunID?>(nil)

    private init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Takes the lock or says who has it, without waiting. Swift may end the life of an object
    /// after its last use: keep the lock by calling `release` when the work is done.
    package static func acquire(
        directory: String, purpose: String, run: RunID? = nil, file: String = fileName
    ) throws -> Acquisition {
        try makeDirectory(directory)
        try LocalStorage.demand(directory)
        let path = directory + "/" + file
        FolderOwner.prepare(path, in: directory)
        let lock = FleetLock(path: path, descriptor: try opened(path))
        var result: Int32
        repeat {
            result = flock(lock.descriptor, LOCK_EX | LOCK_NB)
        } while result != 0 && errno == EINTR
        guard result == 0 else {
            let number = errno
            guard number == EWOULDBLOCK else { throw error("lock", path, number) }
            return .held(lock.holder)
        }
        try lock.describe(purpose, run: run)
        return .acquired(lock)
    }

    /// A link is not followed, and what is not a lock of ours is left as it is. Close-on-exec: a
    /// child that outlives us must not keep the fleet locked. Without waiting, as on a pipe.
    private static func opened(_ path: String) throws -> Int32 {
        let flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
        let descriptor = open(path, flags, 0o600)
        guard descriptor >= 0 else { throw error("open", path, errno) }
        var found = stat()
        guard fstat(descriptor, &found) == 0, found.st_mode & S_IFMT == S_IFREG,
            found.st_nlink == 1, text(of: descriptor).map(Holder.isOurs) == true
        else {
            close(descriptor)
            throw StoreError(
                kind: .foreign, file: path, operation: "open",
                message: "it is not kvmbalance's lock",
                remedy: "see what it is, and move it away or set another 'database'")
        }
        return descriptor
    }

    /// Says in the file what the lock is held for, once more is known (the run's number).
    package func describe(_ purpose: String, run: RunID? = nil) throws {
        let holder = Holder(
            process: getpid(), purpose: String(purpose.map { $0.isNewline ? " " : $0 }), run: run,
            reboot: reboot.withLock(\.self), origin: .present)
        let text = Array(holder.text.utf8)
        guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, text, text.count, 0) == text.count
        else { throw Self.error("write", path, errno) }
    }

    /// From now on whatever it is held for belongs to this rolling reboot.
    package func keep(for reboot: RunID) { self.reboot.withLock { $0 = reboot } }

    /// Gives the lock up. The description goes first, so that nobody reads it as the next holder's.
    package func release() {
        ftruncate(descriptor, 0)
        flock(descriptor, LOCK_UN)
    }

    static func holder(in path: String) -> Holder {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return Holder("") }
        defer { close(descriptor) }
        return Holder(text(of: descriptor) ?? "")
    }

    private var holder: Holder { Holder(Self.text(of: descriptor) ?? "") }

    /// nil where it is longer than any of ours, or not text.
    private static func text(of descriptor: Int32) -> String? {
        var buffer = [UInt8](repeating: 0, count: 8192)
        let count = pread(descriptor, &buffer, buffer.count, 0)
        guard count >= 0, count < buffer.count else { return nil }
        return String(bytes: buffer.prefix(count), encoding: .utf8)
    }

    private static func makeDirectory(_ directory: String) throws {
        guard !FileManager.default.fileExists(atPath: directory) else { return }
        do {
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true)
        } catch {
            throw StoreError(
                kind: .notWritable, file: directory, operation: "make directory",
                message: DirectoryFailure.reason(directory),
                remedy: "check the owner and the mount, or set another 'database'")
        }
    }

    private static func error(_ operation: String, _ path: String, _ number: Int32) -> StoreError {
        let kind: StoreError.Kind
        switch number {
        case EACCES, EPERM, EROFS, ENOENT, ENOTDIR, EISDIR: kind = .notWritable
        case ELOOP: kind = .foreign
        case ENOSPC, EDQUOT: kind = .diskFull
        default: kind = .failed  // The codes are the kernel's.
        }
        return StoreError(
            kind: kind, file: path, operation: operation,
            message: String(cString: strerror(number)),
            remedy: number == ELOOP
                ? "it is a link, which is not followed: see where it leads, and remove it"
                : "check the owner, the permissions and the mount of the database directory")
    }
}
