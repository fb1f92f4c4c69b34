internal import CLibvirt
import ClusterModel
import HypervisorInterface

/// Makes, fills and removes images in the pools of one host, on its connection.
enum ImagePlaces {
    /// Nothing may lie where an image is to be made: libvirt itself would write over it.
    static func admit(
        _ images: [DiskImage], isVerbatim: Bool, _ connection: ConnectionHandle
    ) throws {
        var wanted: [String: Int64] = [:]
        for image in images {
            if image.disk == DiskImage.tpm { try TPMState.demandKeeping(connection) }
            if try TPMState.hasNoPlace(for: image, connection) { continue }
            try connection.withPool(showing: image.folder) { pool in
                try check(image, isVerbatim: isVerbatim, in: pool)
                let facts = try pool.facts()
                wanted[pool.name, default: 0] += image.allocation.count
                if let free = facts.available, free.count < wanted[pool.name] ?? 0 {
                    throw LibvirtFailure.refused(
                        "pool '\(pool.name)' has \(free) left where \(image.path) and what goes "
                            + "with it take \(Bytes(wanted[pool.name] ?? 0))",
                        remedy: "free space in it, or move the domain elsewhere")
                }
            }
            for base in image.bases ?? [] { try check(base, of: image, connection) }
        }
    }

    private static func check(
        _ image: DiskImage, isVerbatim: Bool, in pool: PoolHandle
    ) throws {
        if let name = image.pool, pool.name != name {
            throw LibvirtFailure.refused(
                "\(image.folder) is pool '\(pool.name)' here and '\(name)' on the source",
                remedy: "give both pools the same name")
        }
        guard try pool.volume(image.volume) == nil else {
            throw LibvirtFailure.refused(
                "\(image.path) already exists here, and a copy would overwrite it",
                remedy: "if nobody needs it, on this host: \(removal(of: image, pool)); if the "
                    + "storage is shared after all, declare it under sharedStorage")
        }
        guard isVerbatim || ["raw", "qcow2"].contains(image.format) else {
            throw LibvirtFailure.refused(
                "a disk of format \(image.format) is not copied live",
                remedy: "move the domain cold (--offline)")
        }
    }

    /// Nothing that is gone for good by a mistake, where a shell can do better than libvirt: the
    /// variables of a guest that moved live lie where they were.
    private static func removal(of image: DiskImage, _ pool: PoolHandle) -> String {
        let path = image.path.quotedForShell
        return pool.isTemporary
            ? "mv -- \(path) \((image.path + ".old").quotedForShell)"
            : "virsh vol-delete \(image.volume.quotedForShell) --pool \(pool.name.quotedForShell)"
    }

    private static func check(
        _ base: BaseImage, of image: DiskImage, _ connection: ConnectionHandle
    ) throws {
        try connection.pool(showing: DiskImage.folder(of: base.path))?.refresh()
        guard let volume = connection.volume(at: base.path) else {
            throw LibvirtFailure.refused(
                "the base image \(base.path) of \(image.disk) is not here",
                remedy: "copy the base image there first, or make one image of both (virsh "
                    + "blockpull) and let all of it be copied (--copy-storage-all)")
        }
        let fingerprint = try volume.fingerprint(on: connection)
        guard fingerprint == base.fingerprint else {
            throw LibvirtFailure.refused(
                "the base image \(base.path) of \(image.disk) differs here (\(fingerprint)) from "
                    + "that on the source (\(base.fingerprint)): the guest would read wrong data",
                remedy: "copy the source's file there, byte for byte")
        }
    }

    /// Makes empty images and reports each. Those made before one fails stay for whoever was
    /// informed of it: as long as it lies there, nobody else can take its place.
    static func create(
        _ images: [DiskImage], _ control: any CancellableProgress, _ connection: ConnectionHandle
    ) throws {
        for image in images {
            try connection.withPool(showing: image.folder) { pool in
                _ = try make(
                    image, xml(of: image, format: image.format, size: image.capacity), in: pool)
            }
            control.made(image.path)
        }
    }

    /// A new volume, or an error: what lies in its place is somebody else's.
    private static func make(
        _ image: DiskImage, _ xml: String, in pool: PoolHandle
    ) throws(LibvirtFailure) -> VolumeHandle {
        do {
            return try pool.create(xml)
        } catch {
            guard error.has(VIR_ERR_STORAGE_VOL_EXIST) else { throw error }
            throw LibvirtFailure.refused(
                "\(image.path) has appeared on the target meanwhile; it was left alone",
                remedy: "find out who made it, and move it away")
        }
    }

    /// A file of the same bytes: whatever format they are in, nobody interprets them.
    static func copy(_ image: DiskImage, by copy: VolumeCopy) throws {
        let (sent, length) = try copy.source.withPool(showing: image.folder) { pool in
            guard let from = try pool.volume(image.volume) else {
                throw LibvirtFailure.refused("\(image.path) is gone")
            }
            // It may have grown until the guest was down.
            let length = try from.sizes().length
            let isMade = image.disk == DiskImage.tpm
            let sent = try copy.target.withPool(showing: image.folder, making: isMade) { pool in
                let to = try make(image, xml(of: image, format: "raw", size: length), in: pool)
                copy.control?.made(image.path)
                return try copy.run(from, to, length: length.count)
            }
            return (sent, length)
        }
        try copy.target.withPool(showing: image.folder) { pool in
            try pool.refresh()
            guard let volume = try pool.volume(image.volume) else {
                throw LibvirtFailure.refused("the copy of \(image.path) is gone")
            }
            let arrived = try copy.tally(of: volume, on: copy.target)
            guard arrived == sent, arrived.length == length.count else {
                throw LibvirtFailure.refused(
                    "the copy of \(image.path) is not the original: \(arrived.length) bytes, "
                        + "checksum \(String(arrived.sum, radix: 16)), instead of \(sent.length), "
                        + String(sent.sum, radix: 16),
                    remedy: "look at the target's storage and memory")
            }
        }
    }

    private static func xml(of image: DiskImage, format: String, size: Bytes) -> String {
        var base = ""
        if let path = image.backingPath {
            base =
                "<backingStore><path>\(path.escapedForXML)</path><format type='"
                + "\((image.backingFormat ?? "raw").escapedForXML)'/></backingStore>"
        }
        return "<volume><name>\(image.volume.escapedForXML)</name>"
            + "<capacity unit='bytes'>\(size.count)</capacity><allocation>0</allocation>"
            + "<target><format type='\(format.escapedForXML)'/></target>\(base)</volume>"
    }

    /// Removes images that are the caller's own, unless a domain of this host has to do with one.
    static func remove(_ images: [DiskImage], _ connection: ConnectionHandle) throws {
        let users = try ImageUsers(on: connection)
        for image in images {
            if try TPMState.hasNoPlace(for: image, connection) { continue }
            try connection.withPool(showing: image.folder) { pool in
                guard let volume = try pool.volume(image.volume) else { return }
                if let user = try users.user(of: image, volume) {
                    throw LibvirtFailure.refused(
                        "\(user) here uses \(image.path): it is not removed")
                }
                try volume.delete()
            }
        }
    }
}
