package import Execution
import Foundation
import Glibc

/// The right to change the fleet: one process at a time, by a lock on `run.lock` in the database
/// directory.
///
/// The kernel holds the lock (flock(2)) and releases it when its process ends, however it ends, so
/// that there is no such thing as a stale lock. The file says who has it and is never deleted:
/// deleting it would let two processes lock two files of one name.
package final class FleetLock: Sendable {
    package static let fileName = "run.lock"

    /// What came of asking for the lock.
    package enum Acquisition: Sendable {
        case acquired(FleetLock)
        /// Another process has it: exit code 75.
        case held(Holder)
    }

    /// Who has the lock.
    package struct Holder: Hashable, Sendable {
        /// nil in the instant between locking and writing.
        package var process: Int32?
        package var purpose: String
        /// The run that it drives; nil while it has none, as while a plan is made.
        package var run: RunID?

        package var description: String {
            let who = process.map { "process \($0)" } ?? "another process"
            return purpose.isEmpty ? who : "\(who) (\(purpose))"
        }
    }

    package let path: String
    private let descriptor: Int32

    private init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Takes the lock or says who has it, without waiting. Swift may end the life of an object
    /// after its last use: keep the lock by calling `release` when the work is done.
    package static func acquire(
        directory: String, purpose: String, run: RunID? = nil
    ) throws -> Acquisition {
        try makeDirectory(directory)
        let path = directory + "/" + fileName
        FolderOwner.prepare(path, in: directory)
        // Close-on-exec: a child that outlives us must not keep the fleet locked.
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw error("open", path, errno) }
        var result: Int32
        repeat { result = flock(descriptor, LOCK_EX | LOCK_NB) } while result != 0 && errno == EINTR
        guard result == 0 else {
            let number = errno
            defer { close(descriptor) }
            guard number == EWOULDBLOCK else { throw error("lock", path, number) }
            return .held(holder(in: path))
        }
        let lock = FleetLock(path: path, descriptor: descriptor)
        try lock.describe(purpose, run: run)
        return .acquired(lock)
    }

    /// Says in the file what the lock is held for, once more is known (the run's number).
    package func describe(_ purpose: String, run: RunID? = nil) throws {
        let line = purpose.map { $0.isNewline ? " " : $0 }
        let number = run.map { "\($0)\n" } ?? ""
        let text = Array("\(getpid())\n\(String(line))\n\(number)".utf8)
        guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, text, text.count, 0) == text.count
        else { throw Self.error("write", path, errno) }
    }

    /// Gives the lock up. The description goes first, so that nobody reads it as the next holder's.
    package func release() {
        ftruncate(descriptor, 0)
        flock(descriptor, LOCK_UN)
    }

    static func holder(in path: String) -> Holder {
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        return Holder(
            process: lines.first.flatMap { Int32($0) },
            purpose: lines.count > 1 ? String(lines[1]) : "",
            run: lines.count > 2 ? Int64(lines[2]).map { RunID($0) } : nil)
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
        case ENOSPC, EDQUOT: kind = .diskFull
        default: kind = .failed  // The codes are the kernel's.
        }
        return StoreError(
            kind: kind, file: path, operation: operation,
            message: String(cString: strerror(number)),
            remedy: "check the owner, the permissions and the mount of the database directory")
    }
}
