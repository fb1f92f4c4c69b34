import Foundation

/// A daemon that takes every connection and never says a word.
package final class SilentSocket {
    private let descriptor: Int32
    private let path: String

    package init() throws {
        path = "/tmp/kvmbalance-silent-\(UUID().uuidString.prefix(8))"
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) }
        }
        guard bound == 0, listen(descriptor, 64) == 0 else {
            throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
        }
    }

    /// Whoever still waits is let go.
    deinit {
        close(descriptor)
        unlink(path)
    }

    /// As which it is a host.
    package var uri: String { "qemu+unix:///system?socket=\(path)" }
}
