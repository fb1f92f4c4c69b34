import ClusterModel

/// Finds the image of a disk: its file, its pool, its sizes.
enum ImageReader {
    /// May a disk that is to be copied lie over a base image?
    enum BaseRule {
        /// No: all of it is to be copied.
        case forbidden
        /// Then what is above the base is copied, byte for byte.
        case allowed
        /// It must: only what is above one is to be copied.
        case required
    }

    static func image(
        of disk: String, in root: MarkupElement, base rule: BaseRule, _ connection: ConnectionHandle
    ) throws -> DiskImage {
        let element = root.first("devices")?.all("disk").first {
            $0.first("target")?.attribute("dev") == disk
        }
        guard let element, element.has("source") else {
            throw LibvirtFailure.refused("it no longer has a disk \(disk)")
        }
        let found = try volume(of: DomainXMLReader.source(of: element), connection)
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
        let layers = try BackingChain.layers(of: element) {
            try backing(of: $0, connection)
        }
        try admit(layers.first, under: disk, rule)
        if !layers.isEmpty {
            image.bases = try layers.map { try baseImage($0, connection) }
            image.backingPath = image.bases?.first?.path
            image.backingFormat = layers.first?.format
        }
        return image
    }

    private static func admit(
        _ base: BackingLayer?, under disk: String, _ rule: BaseRule
    ) throws(LibvirtFailure) {
        switch rule {
        case .allowed: break
        case .forbidden:
            guard let base else { return }
            throw LibvirtFailure.refused(
                "disk \(disk) lies over the base image \(base.path ?? "?")",
                remedy: "copy only what is above it (--copy-storage-inc), with the base on the "
                    + "target")
        case .required:
            guard base == nil else { return }
            throw LibvirtFailure.refused(
                "disk \(disk) has no base image, above which it could be copied",
                remedy: "copy all of it (--copy-storage-all)")
        }
    }

    /// Its bytes are compared before the step: see `RunExecutor.compareBases`.
    private static func baseImage(
        _ layer: BackingLayer, _ connection: ConnectionHandle
    ) throws -> BaseImage {
        guard let (_, path) = try volume(of: layer.source, connection) else {
            throw LibvirtFailure.refused(
                "no active pool of its host shows the base image "
                    + "\(layer.path ?? "\(layer.source)"), which the target's is compared with",
                remedy: "define and start a pool over its folder")
        }
        return BaseImage(path: path)
    }

    private static func backing(
        of source: Disk.Source, _ connection: ConnectionHandle
    ) throws -> BackingLayer? {
        try volume(of: source, connection)?.0.description().backing
    }

    private static func volume(
        of source: Disk.Source, _ connection: ConnectionHandle
    ) throws -> (VolumeHandle, path: String)? {
        switch source {
        case .volume(let pool, let name):
            let pool = try connection.pool(pool)
            try pool.refresh()
            let folder = try pool.facts().targetPath
            return try pool.volume(name).flatMap { volume in
                folder.map { (volume, "\($0)/\(name)") }
            }
        case .file(let path), .block(let path):
            return try connection.freshVolume(at: path).map { ($0, path) }
        case .none, .network, .other: return nil
        }
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
        folder == DiskImage.simplified(folder) && folder.hasPrefix("/var/lib/libvirt/")
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
