package import ClusterModel

/// What proves that nothing is lost when a domain moves cold: the originals stay until it runs on
/// its target from copies that are known to be the same.
package protocol OriginalsKeeper: Sendable {
    /// By path, for those that are there, what changes when the file is written to or another takes
    /// its place: a guest that ran meanwhile shows in it.
    func stamps(of images: [DiskImage]) async throws -> [String: String]

    /// Which of these files the target does not have byte for byte as they are here.
    func differing(_ images: [DiskImage], on target: HostName) async throws -> [DiskImage]

    /// Disks that the guest, which runs here, has not flushed since it was started.
    func unflushed(_ images: [DiskImage], of domain: DomainID) async throws -> [DiskImage]

    /// Gives the target the definition of a domain that is off here, and keeps it here. Not a
    /// migration: where one fails, libvirt deletes the files of the domain on its target.
    func copyDefinition(_ request: MigrationRequest) async throws
}
