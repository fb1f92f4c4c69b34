import Foundation
import Glibc

/// Whose our files are: the folder's owner's, also where root makes them first.
///
/// The services run as their own user. Without this, one `sudo kvmbalance drain` before the
/// timer's first call would leave a journal that the timer cannot write.
enum FolderOwner {
    /// As root, makes the file, empty, for the owner of its folder; leaves alone what is there.
    /// What goes wrong is reported by whoever opens the file next.
    static func prepare(_ path: String, in directory: String) {
        var folder = stat()
        guard geteuid() == 0, stat(directory, &folder) == 0, folder.st_uid != 0 else { return }
        // Exclusively: a link that lies there is not followed, and no other file changes its owner.
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { return }
        _ = fchown(descriptor, folder.st_uid, folder.st_gid)
        close(descriptor)
    }
}
