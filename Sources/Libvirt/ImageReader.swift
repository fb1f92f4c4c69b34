import ClusterModel

/// Finds the image of a disk: its file, its pool, its sizes.
enum ImageReader {
    static func image(
        of disk: String, in root: MarkupElement, layer: Bool, _ connection: ConnectionHandle
    ) throws -> DiskImage {
        let element = root.first("devices")?.all("disk").first {
            $0.first("target")?.attribute("dev") == disk
        }
        guard let element, let source = element.first("source") else {
            throw LibvirtFailure.refused("it no longer has a disk \(disk)")
        }
        let found = try volume(of: source, connection)
        guard let (volume, path) = found else {
            throw LibvirtFailure.refused(
                "no active pool of its host knows the image of disk \(disk)",
                remedy: "define and start a pool over its folder")
        }
        let sizes = try volume.sizes()
        let format = element.first("driver")?.attribute("type") ?? "raw"
        var image = DiskImage(
            disk: disk, path: path, pool: try volume.pool().name, volume: volume.name,
            format: format, capacity: sizes.capacity, length: sizes.length,
            allocation: sizes.allocation)
        let base = element.first("backingStore")
        if let file = base?.first("source")?.attribute("file") {
            guard layer else {
                throw LibvirtFailure.refused(
                    "disk \(disk) lies over the base image \(file)",
                    remedy: "copy only what is above it (--copy-storage-inc), with the base on the "
                        + "target")
            }
            image.backingPath = file
            image.backingFormat = base?.first("format")?.attribute("type")
            image.bases = try element.backingStores.map { try baseImage($0, connection) }
        } else if layer {
            throw LibvirtFailure.refused(
                "disk \(disk) has no base image, above which it could be copied",
                remedy: "copy all of it (--copy-storage-all)")
        }
        return image
    }

    private static func baseImage(
        _ store: MarkupElement, _ connection: ConnectionHandle
    ) throws -> BaseImage {
        let source = store.first("source")
        guard let source, let (volume, path) = try volume(of: source, connection) else {
            throw LibvirtFailure.refused(
                "no active pool of its host shows the base image "
                    + "\(source?.attribute("file") ?? "?"), which the target's is compared with",
                remedy: "define and start a pool over its folder")
        }
        return BaseImage(path: path, fingerprint: try volume.fingerprint(on: connection))
    }

    private static func volume(
        of source: MarkupElement, _ connection: ConnectionHandle
    ) throws -> (VolumeHandle, path: String)? {
        if let pool = source.attribute("pool"), let name = source.attribute("volume") {
            let pool = try connection.pool(pool)
            try pool.refresh()
            let folder = try pool.facts().targetPath
            return try pool.volume(name).flatMap { volume in
                folder.map { (volume, "\($0)/\(name)") }
            }
        }
        guard let path = source.attribute("file") else { return nil }
        if connection.volume(at: path) == nil {
            // libvirt knows of files only what it saw last.
            let folder = DiskImage.folder(of: path)
            try connection.pool(showing: folder)?.refresh()
        }
        return connection.volume(at: path).map { ($0, path) }
    }

    /// A domain's XML may name any file of its host. What is no disk is read, and later removed,
    /// only where libvirt keeps such files itself or a pool shows them.
    static func demandOwnPlace(
        _ folder: String, _ pool: PoolHandle?, of what: String
    ) throws(LibvirtFailure) {
        guard pool == nil, !isOwnPlace(folder) else { return }
        throw .refused(
            "\(what): \(folder) is neither below /var/lib/libvirt nor shown by an active pool, and "
                + "is left alone",
            remedy: "define and start a pool over it on both hosts, or move the domain live")
    }

    /// Below libvirt's own folder, however the path is spelled.
    static func isOwnPlace(_ folder: String) -> Bool {
        folder == folder.simplified && folder.hasPrefix("/var/lib/libvirt/")
    }

    /// The file of its UEFI variables. None where it lies on storage that is shared by its nature,
    /// and of a domain that never ran; of one that runs it must be found, for without it the guest
    /// would be given fresh ones.
    static func firmware(
        at path: String, isRunning: Bool, _ connection: ConnectionHandle
    ) throws -> [DiskImage] {
        let folder = DiskImage.folder(of: path)
        let pool = connection.pool(showing: folder)
        if try pool?.facts().identity != nil { return [] }
        try demandOwnPlace(folder, pool, of: "its UEFI variables")
        return try connection.withPool(showing: folder) { shown in
            let name = String(path.dropFirst(folder.count + 1))
            if let volume = try shown.volume(name) {
                return [try file(volume, as: DiskImage.firmware, in: folder, pool)]
            }
            guard !isRunning else {
                throw LibvirtFailure.refused(
                    "its UEFI variables are not at \(path), where its definition has them",
                    remedy: "move it live, which copies them")
            }
            return []
        }
    }

    /// A file of its host that belongs to a domain and is no disk; its pool is nil where one is
    /// made.
    static func file(
        _ volume: VolumeHandle, as kind: String, in folder: String, _ pool: PoolHandle?
    ) throws(LibvirtFailure) -> DiskImage {
        let sizes = try volume.sizes()
        return DiskImage(
            disk: kind, path: "\(folder)/\(volume.name)", pool: pool?.name, volume: volume.name,
            format: "raw", capacity: sizes.capacity, length: sizes.length,
            allocation: sizes.allocation)
    }
}
