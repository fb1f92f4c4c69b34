package import ClusterModel

/// Reads the log that a host keeps of a guest's QEMU: libvirt's error is often no more than that it
/// ended.
package protocol GuestLog: Sendable {
    /// What was written since this moment, the last few lines of it, oldest first; empty where
    /// nothing was, or where the log cannot be read.
    func lastLines(of guest: String, since begin: Timestamp) async -> [String]
}
