import Foundation
import Glibc

/// Why a directory cannot be made, in the kernel's words: Foundation has only a number for it.
enum DirectoryFailure {
    static func reason(_ directory: String) -> String {
        // The nearest parent that is there is the one that refuses.
        var path = URL(fileURLWithPath: directory)
        while path.path != "/", access(path.deletingLastPathComponent().path, F_OK) != 0 {
            path.deleteLastPathComponent()
        }
        guard mkdir(path.path, 0o755) != 0 else {
            rmdir(path.path)
            return "it could not be made"
        }
        return "\(String(cString: strerror(errno))) (\(path.path))"
    }
}
