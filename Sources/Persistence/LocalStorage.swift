import Foundation
import Glibc

/// Our databases lie on disks of this machine. SQLite's write-ahead log is shared memory, which
/// does not reach over a network; locks do not always; and two machines that share a folder would
/// take each other's processes for their own.
enum LocalStorage {
    /// Throws where this folder is on network storage.
    static func demand(_ directory: String) throws {
        var found = stat()
        guard stat(directory, &found) == 0,
            let mounts = try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8),
            let type = mountType(of: device(found.st_dev), at: directory, in: mounts),
            isNetwork(type)
        else { return }
        throw StoreError(
            kind: .remote, file: directory, operation: "use",
            message: "the folder is on network storage (\(type)), where a database of kvmbalance "
                + "is not safe",
            remedy: "set 'database' in the fleet file to a folder on a local disk, such as "
                + "/var/lib/kvmbalance")
    }

    /// Of a mount's type in proc(5)'s word. FUSE serves both kinds, and a new one of it counts as
    /// remote.
    static func isNetwork(_ type: String) -> Bool {
        if networks.contains(type) { return true }
        return type.hasPrefix("fuse") && !localFUSE.contains(type)
    }

    private static let localFUSE: Set = [
        "fuseblk", "fuse.fuse-overlayfs", "fuse.gocryptfs", "fuse.encfs", "fuse.mergerfs",
    ]
    private static let networks: Set = [
        "nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "ceph", "9p", "virtiofs", "gfs2", "ocfs2",
        "lustre", "gpfs", "afs", "coda", "beegfs", "panfs", "orangefs", "pvfs2", "vboxsf",
    ]

    /// The type of the mount of this device; where none has it, as with subvolumes of btrfs, that
    /// of the innermost one around the folder. proc(5), of one line: `36 35 98:0 /root /mount
    /// options [tags] - type source options`.
    static func mountType(of device: String, at directory: String, in mounts: String) -> String? {
        let folder = URL(fileURLWithPath: directory).resolvingSymlinksInPath().path + "/"
        var around: (point: String, type: String)?
        for line in mounts.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            guard words.count > 6, let dash = words.firstIndex(of: "-"), dash + 1 < words.count
            else { continue }
            let (point, type) = (words[4], words[dash + 1])
            if words[2] == device { return type }
            let isAround = folder.hasPrefix(point.hasSuffix("/") ? point : point + "/")
            if isAround, point.count >= around?.point.count ?? 0 { around = (point, type) }
        }
        return around?.type
    }

    /// `8:1`, as glibc's macros have it, which Swift does not see.
    private static func device(_ number: dev_t) -> String {
        let number = UInt64(number)
        let major = (number >> 8) & 0xfff | (number >> 32) & 0xffff_f000
        let minor = number & 0xff | (number >> 12) & 0xffff_ff00
        return "\(major):\(minor)"
    }
}
