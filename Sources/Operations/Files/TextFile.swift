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

    /// Writes beside the file and then renames, so that a full disk never leaves half a file.
    package static func write(_ text: String, to path: String) throws {
        do {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw CommandError("\(path) cannot be written: \(error.reason)", exit: .failed)
        }
    }

    static func failure(_ path: String, _ number: Int32) -> CommandError {
        let reason =
            number == ENOENT
            ? "there is no such file (current folder: \(FileManager.default.currentDirectoryPath))"
            : String(cString: strerror(number))
        return CommandError("\(path) cannot be read: \(reason)")
    }
}
