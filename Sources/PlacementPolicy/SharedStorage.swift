package import ClusterModel

/// The operator's word that a path shows the same storage on these hosts: for mounts that no
/// libvirt pool describes.
package struct SharedStorage: Hashable, Sendable {
    /// A folder, or a block device; without a slash at its end.
    package var path: String
    /// nil means every host of the fleet.
    package var hosts: [HostName]?

    package init(path: String, hosts: [HostName]? = nil) {
        self.path = DiskImage.simplified(path)
        self.hosts = hosts
    }

    package func covers(host: HostName) -> Bool { hosts?.contains(host) ?? true }
    /// `/srv/vm` covers itself and what lies under it, but not `/srv/vm2`.
    package func covers(path other: String) -> Bool {
        path == "/" || other == path || other.hasPrefix(path + "/")
    }
}
