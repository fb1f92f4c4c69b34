import ClusterModel
import Foundation
import Glibc

/// Who can decide what stands in a file: its owner, whoever may write it, and whoever may put
/// another in its place. Of the file that was opened, and not of one that has its name by now.
struct FileTrust {
    /// What is wrong, and a command that fixes it.
    struct Doubt {
        var reason: String
        var remedy: String
    }

    private struct Entry {
        var path: String
        var owner: uid_t
        var mode: mode_t
    }

    private let file: Entry
    /// The symbolic link that the name is, if it is one.
    private let link: Entry?
    /// The folder that the name was looked for in, and the one where the file lies.
    private let folders: [Entry]

    /// `descriptor` is the file, opened by this path.
    init(_ descriptor: Int32, openedAs path: String) throws {
        var info = stat()
        guard fstat(descriptor, &info) == 0 else { throw TextFile.failure(path, errno) }
        let name = URL(fileURLWithPath: path)
        let real =
            (try? FileManager.default.destinationOfSymbolicLink(
                atPath: "/proc/self/fd/\(descriptor)")).map { URL(fileURLWithPath: $0) } ?? name
        file = Entry(path: real.path, owner: info.st_uid, mode: info.st_mode)
        var named = stat()
        let isLink = lstat(path, &named) == 0 && named.st_mode & S_IFMT == S_IFLNK
        link =
            isLink ? Entry(path: name.path, owner: named.st_uid, mode: named.st_mode) : nil
        var folders: [Entry] = []
        for folder in [name, real].map({ $0.deletingLastPathComponent().path })
        where !folders.contains(where: { $0.path == folder }) {
            var info = stat()
            // A pipe lies in no folder.
            guard stat(folder, &info) == 0 else { continue }
            folders.append(Entry(path: folder, owner: info.st_uid, mode: info.st_mode))
        }
        self.folders = folders
    }

    /// Why somebody else than these users has a say in the file; nil if nobody has.
    func doubt(trusting users: Set<uid_t>) -> Doubt? {
        let path = file.path.quotedForShell
        let keeper = Self.name(of: users.max() ?? 0)
        guard users.contains(file.owner) else {
            return Doubt(
                reason: "\(words(file)) belongs to \(Self.name(of: file.owner)), not to "
                    + users.sorted().map { Self.name(of: $0) }.joined(separator: " or "),
                remedy: "chown \(keeper) \(path)")
        }
        guard file.mode & (S_IWGRP | S_IWOTH) == 0 else {
            return Doubt(
                reason: "\(words(file)) can be written by others than its owner "
                    + Self.name(of: file.owner), remedy: "chmod go-w \(path)")
        }
        if let link, !users.contains(link.owner) {
            return Doubt(
                reason: "\(link.path) is a link that belongs to \(Self.name(of: link.owner))",
                remedy: "rm \(link.path.quotedForShell) and name the file itself")
        }
        return folders.lazy.compactMap { doubt(of: $0, trusting: users, keeper) }.first
    }

    /// In a sticky folder others can make files and not replace ours; its owner can.
    private func doubt(of folder: Entry, trusting users: Set<uid_t>, _ keeper: String) -> Doubt? {
        let path = folder.path.quotedForShell
        guard users.contains(folder.owner) else {
            return Doubt(
                reason:
                    "its folder \(words(folder)) belongs to \(Self.name(of: folder.owner)), who "
                    + "can put another file in its place",
                remedy: "move it to a folder of \(keeper)'s, or: chown \(keeper) \(path)")
        }
        guard folder.mode & (S_IWGRP | S_IWOTH) == 0 || folder.mode & S_ISVTX != 0 else {
            return Doubt(
                reason: "in its folder \(words(folder)) others can put another file in its place",
                remedy: "chmod go-w \(path)")
        }
        return nil
    }

    private func words(_ entry: Entry) -> String {
        let mode = String(entry.mode & 0o7777, radix: 8)
        return
            "\(entry.path) (mode \(String(repeating: "0", count: max(0, 4 - mode.count)))\(mode))"
    }

    private static func name(of user: uid_t) -> String {
        getpwuid(user).map { String(cString: $0.pointee.pw_name) } ?? "user \(user)"
    }
}
