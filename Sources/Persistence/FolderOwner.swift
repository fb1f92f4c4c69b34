import Foundation
import Glibc

/// Whose our files are, and who may read them: they hold the names of guests, paths and errors, so
/// nobody but the owner of their folder reads them.
///
/// The services run as their own user. What root makes first belongs to the folder's owner all the
/// same: otherwise one `sudo kvmbalance drain` before the timer's first call would leave a journal
/// that the timer cannot write.
enum FolderOwner {
    private static let ours: mode_t = 0o600
    private static let writable: mode_t = 0o060
    private static let everybody: mode_t = 0o007

    /// Makes the folder, for its owner alone, where it is missing; those above it as usual.
    /// Foundation's error, which tells nothing: see `DirectoryFailure`.
    static func makeFolder(_ directory: String) throws {
        guard !FileManager.default.fileExists(atPath: directory) else { return }
        let parent = URL(fileURLWithPath: directory).deletingLastPathComponent()
        try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
        guard mkdir(directory, 0o700) == 0 || errno == EEXIST else {
            throw CocoaError(.fileWriteUnknown)
        }
    }

    /// Why others could have put this file in place of ours; nil if they could not. Which group may
    /// write the folder is its owner's decision.
    static func doubt(about path: String, in directory: String) -> String? {
        var folder = stat()
        guard stat(directory, &folder) == 0, folder.st_mode & S_IWOTH != 0 else { return nil }
        // In a sticky folder others can make files, and not replace ours.
        guard folder.st_mode & S_ISVTX != 0 else {
            return "everybody can write its folder, and so put another in its place"
        }
        var file = stat()
        guard lstat(path, &file) == 0, ![0, geteuid(), folder.st_uid].contains(file.st_uid) else {
            return nil
        }
        return "it belongs to user \(file.st_uid), in a folder that everybody can write"
    }

    /// Makes the file, empty, for the owner of its folder, or takes away from others what they may
    /// do with the one that is there. What goes wrong is reported by whoever opens the file next.
    static func prepare(_ path: String, in directory: String) {
        var folder = stat()
        guard stat(directory, &folder) == 0 else { return }
        // Exclusively: a link that lies there is not followed, and no other file changes its owner.
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, ours)
        guard descriptor >= 0 else {
            for name in [path, path + "-wal", path + "-shm"] { narrow(name) }
            return
        }
        if geteuid() == 0, folder.st_uid != 0 {
            _ = fchown(descriptor, folder.st_uid, folder.st_gid)
        }
        close(descriptor)
    }

    /// Earlier versions left files to the umask, which lets everybody read. A group that may write
    /// was given the file on purpose, and keeps it. By its name and not by a descriptor: closing
    /// one would give up the locks that SQLite has on the file in this process.
    private static func narrow(_ path: String) {
        var file = stat()
        guard lstat(path, &file) == 0, file.st_mode & S_IFMT == S_IFREG,
            file.st_uid == geteuid() || geteuid() == 0
        else { return }
        let isShared = file.st_mode & writable == writable
        let mode = file.st_mode & 0o777
        let narrow = isShared ? mode & ~everybody : mode & ours
        if narrow != mode { _ = chmod(path, narrow) }
    }
}
