internal import CLibvirt
import ClusterModel

/// Where libvirt keeps the state of a domain's emulated TPM (qemu_tpm.c): files that no libvirt
/// call shows, in a folder that is read and made like any other.
struct TPMState {
    /// Every libvirt host has it; what lies under it may not be there yet.
    private static let root = "/var/lib/libvirt"

    let folder: String
    /// nil for whatever lies in the folder.
    let file: String?

    /// nil for a domain without one.
    init?(of root: MarkupElement) {
        let backend = root.first("devices")?.all("tpm").lazy.compactMap { $0.first("backend") }
            .first { $0.attribute("type") == "emulator" }
        guard let backend, let uuid = root.first("uuid")?.trimmedText, !uuid.isEmpty
        else { return nil }
        let source = backend.first("source")
        if let place = source?.attribute("path") {
            let isFile = source?.attribute("type") == "file"
            folder = isFile ? DiskImage.folder(of: place) : place
            file = isFile ? String(place.dropFirst(folder.count + 1)) : nil
        } else {
            let version = backend.attribute("version") == "1.2" ? "tpm1.2" : "tpm2"
            folder = "\(Self.root)/swtpm/\(uuid)/\(version)"
            file = nil
        }
    }

    /// Its files. A domain that never ran has none; of one that runs they must be found, for
    /// without them it would be given another TPM.
    func images(_ connection: ConnectionHandle, isRunning: Bool) throws -> [DiskImage] {
        // On shared storage they are there already.
        let pool = connection.pool(showing: folder)
        if try pool?.facts().identity != nil { return [] }
        try ImageReader.demandOwnPlace(folder, pool, of: "the state of its TPM")
        try Self.demandKeeping(connection)
        let images = try Self.exists(folder, connection) ? found(connection, pool) : []
        guard !isRunning || !images.isEmpty else {
            throw LibvirtFailure.refused(
                "the state of its emulated TPM is not in \(folder), libvirt's default folder",
                remedy: "move it live, which carries the state wherever it is stored")
        }
        return images
    }

    private func found(
        _ connection: ConnectionHandle, _ pool: PoolHandle?
    ) throws -> [DiskImage] {
        try connection.withPool(showing: folder) { shown in
            // Hidden ones are locks.
            try shown.files().filter { found in
                file.map { $0 == found.name } ?? !found.name.hasPrefix(".")
            }.map { try ImageReader.file($0, as: DiskImage.tpm, in: folder, pool) }
        }
    }

    /// An undefine deletes the state unless its flags say otherwise, which libvirt has since 8.9.
    static func demandKeeping(_ connection: ConnectionHandle) throws(LibvirtFailure) {
        var version: UInt = 0
        try checked(connection.use { virConnectGetLibVersion($0, &version) })
        guard version < 8_009_000 else { return }
        throw .refused(
            "its libvirt \(version / 1_000_000).\(version / 1000 % 1000) deletes the state of a "
                + "TPM with the definition", kind: .unsupported,
            remedy: "move it live, or update libvirt to 8.9")
    }

    /// libvirt makes a TPM's folder when its domain first starts: until then nothing lies there.
    static func hasNoPlace(for image: DiskImage, _ connection: ConnectionHandle) throws -> Bool {
        try image.disk == DiskImage.tpm && !exists(image.folder, connection)
    }

    /// Is there such a folder? libvirt shows folders as volumes of the folder that they lie in.
    private static func exists(_ folder: String, _ connection: ConnectionHandle) throws -> Bool {
        guard folder.hasPrefix(root + "/") else { return true }
        let parent = DiskImage.folder(of: folder)
        guard try exists(parent, connection) else { return false }
        let name = String(folder.dropFirst(parent.count + 1))
        return try connection.withPool(showing: parent) { try $0.volume(name) != nil }
    }
}
