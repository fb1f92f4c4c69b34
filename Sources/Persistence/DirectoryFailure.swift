import Foundation
import Glibc

/// Why a directory cannot be made, in the kernel's words: Foundation has only a number for it.
enum DirectoryFailure {
    /// Looks only: nothing is made.
    static func reason(_ directory: String) -> String {
        // The nearest parent that is there is the one that refuses.
        var path = URL(fileURLWithPath: directory)
        while path.path != "/", access(path.deletingLastPathComponent().path, F_OK) != 0 {
            path.deleteLastPathComponent()
        }
        // With a slash at its end the parent has to be a directory.
        let parent = path.deletingLastPathComponent().path + "/"
        guard access(parent, W_OK | X_OK) != 0 else {
            return "it could not be made (\(path.path))"
        }
        return "\(String(cString: strerror(errno))) (\(path.path))"
    }
}
