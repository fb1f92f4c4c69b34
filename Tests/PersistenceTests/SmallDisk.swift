import Foundation
import Glibc

/// A file system in memory with next to no room.
struct SmallDisk {
    let path: String

    static let isPossible: Bool = {
        guard let disk = try? SmallDisk(kibibytes: 64) else { return false }
        disk.remove()
        return true
    }()

    init(kibibytes: Int) throws {
        path = NSTemporaryDirectory() + "kvmbalance-disk-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        guard mount("kvmbalance", path, "tmpfs", 0, "size=\(kibibytes)k") == 0 else {
            rmdir(path)
            throw POSIXError(.EPERM)
        }
    }

    func remove() {
        // Lazily: a database that a failed test left open must not keep it.
        umount2(path, Int32(MNT_DETACH))
        rmdir(path)
    }
}
