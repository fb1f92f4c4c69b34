package import ClusterModel

/// The door to the images of one host: what a step needs that copies disks, moves cold, or stops
/// its guest and starts it again.
///
/// Like the actuator it decides nothing, but it refuses what would do harm on its own host: to make
/// an image where something lies, and to remove one that a domain there uses.
package protocol ImageKeeper: OriginalsKeeper {
    var host: HostName { get }

    /// Images of these disks of a domain here, read from its present XML and its pools; with
    /// `firmware` the files of its UEFI variables and of its emulated TPM too.
    func images(
        of domain: DomainID, disks: [String], layer: Bool, firmware: Bool
    ) async throws -> [DiskImage]

    /// What tells whether a file here changed since; throws when nothing shows it.
    func stamp(of path: String) async throws -> FileStamp

    /// Length and checksum of a file here, in words that are equal for equal files. Reads all of
    /// it, which may take minutes.
    func checksum(of path: String, control: any CancellableProgress) async throws -> String

    /// Throws when something lies in the place of one, or its pool or the room for it is not there.
    func admit(_ images: [DiskImage], isVerbatim: Bool) async throws

    /// Makes images of the guest's size and format, with nothing in them, for a live copy, and
    /// tells of each. What lies in the place of one is left alone, and those already made stay:
    /// whoever asked removes the files that were reported to it.
    func create(_ images: [DiskImage], control: any CancellableProgress) async throws

    /// Copies images from here to another host byte by byte, through libvirt's streams, and
    /// compares what arrived. Tells of each that it makes there.
    func copy(
        _ images: [DiskImage], to target: HostName, control: any CancellableProgress
    ) async throws

    /// Removes images from here, which must be the caller's own. What is gone already is no error.
    func remove(_ images: [DiskImage], of domain: DomainID) async throws

    /// Asks the guest to shut down and waits until it has; never takes its power away. Throws when
    /// it is still up at the end of the time: it may go down later all the same.
    func shutDown(
        _ domain: DomainID, within seconds: Int, control: any CancellableProgress
    ) async throws

    /// Has libvirt save the memory of a guest here and end it (managed save): when it is started
    /// next it goes on from that. Returns when that is done, which takes as long as its memory
    /// needs to be written. A guest whose memory cannot be saved keeps running.
    func saveMemory(of domain: DomainID) async throws

    /// Starts it, if the files of its firmware and its TPM are here: it would be given fresh ones.
    func start(_ domain: DomainID, with images: [DiskImage]) async throws
}

extension ImageKeeper {
    package func stamp(of path: String) async throws -> FileStamp { throw cannotRead(path) }
    package func checksum(
        of path: String, control: any CancellableProgress
    ) async throws -> String { throw cannotRead(path) }

    package func saveMemory(of domain: DomainID) async throws {
        throw HypervisorError(
            kind: .unsupported, operation: "save memory", host: host, domain: domain.rawValue,
            message: "the memory of guests cannot be saved over this connection")
    }

    private func cannotRead(_ path: String) -> HypervisorError {
        HypervisorError(
            kind: .unsupported, operation: "read \(path)", host: host,
            message: "files of this host cannot be read whole")
    }
}
