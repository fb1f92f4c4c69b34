import Foundation
import Glibc

/// A file that the operator named: read whole, or refused with the kernel's word for why.
package enum TextFile {
    package static func read(_ path: String) throws -> String { try readJudging(path).text }

    /// With who has a say in what stands there.
    static func readJudging(_ path: String) throws -> (text: String, trust: FileTrust) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path, errno) }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var info = stat()
        guard fstat(descriptor, &info) == 0 else { throw failure(path, errno) }
        guard info.st_mode & S_IFMT != S_IFDIR else {
            throw CommandError("\(path) cannot be read: it is a folder, name a file in it")
        }
        let trust = try FileTrust(descriptor, openedAs: path)
        guard let data = try handle.readToEnd() else { return ("", trust) }
        guard let text = String(data: data, encoding: .utf8) else {
            throw CommandError("\(path) cannot be read: it is not text in UTF-8")
        }
        return (text, trust)
    }

    /// Writes beside the file and then renames, so that a full disk never leaves half a file. For
    /// its owner alone: what we write names guests and hosts. A pipe or a device is not replaced.
    package static func write(_ text: String, to path: String) throws {
        var info = stat()
        let isFile = stat(path, &info) != 0 || info.st_mode & S_IFMT == S_IFREG
        let draft = isFile ? "\(path).\(UUID().uuidString).new" : path
        let descriptor = open(
            draft, O_WRONLY | O_CLOEXEC | (isFile ? O_CREAT | O_EXCL : 0), 0o600 as mode_t)
        guard descriptor >= 0 else { throw unwritable(path, String(cString: strerror(errno))) }
        do {
            let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
            defer { close(descriptor) }
            try handle.write(contentsOf: Data(text.utf8))
        } catch {
            if isFile { unlink(draft) }
            throw unwritable(path, error.reason)
        }
        guard !isFile || rename(draft, path) == 0 else {
            let number = errno
            unlink(draft)
            throw unwritable(path, String(cString: strerror(number)))
        }
    }

    /// Refuses to write over what is there, unless that is asked for.
    package static func refuseExisting(_ paths: [String], isForced: Bool) throws {
        // A device, or a pipe, is not lost by being written to.
        guard !isForced, let path = paths.first(where: { Self.isFile($0) }) else { return }
        throw CommandError(
            "\(path) already exists, nothing was written: name another place, or add --force to "
                + "write over it")
    }

    private static func isFile(_ path: String) -> Bool {
        var info = stat()
        return lstat(path, &info) == 0
            && [S_IFREG, S_IFDIR, S_IFLNK].contains(info.st_mode & S_IFMT)
            && !path.hasPrefix("/dev/")
    }

    private static func unwritable(_ path: String, _ reason: String) -> CommandError {
        CommandError("\(path) cannot be written: \(reason)", exit: .failed)
    }

    static func failure(_ path: String, _ number: Int32) -> CommandError {
        let reason =
            number == ENOENT
            ? "there is no such file (current folder: \(FileManager.default.currentDirectoryPath))"
            : String(cString: strerror(number))
        return CommandError("\(path) cannot be read: \(reason)")
    }
}
