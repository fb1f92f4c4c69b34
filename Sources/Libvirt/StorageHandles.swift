internal import CLibvirt
import ClusterModel
import Foundation

/// A reference to a storage pool of an open connection; freed when it is let go.
final class PoolHandle {
    private let pointer: virStoragePoolPtr

    init(owning pointer: virStoragePoolPtr) { self.pointer = pointer }

    deinit { virStoragePoolFree(pointer) }

    func use<Value>(_ call: (virStoragePoolPtr) -> Value) -> Value {
        withExtendedLifetime(self) { call(pointer) }
    }

    var name: String { use { virStoragePoolGetName($0) }.map { String(cString: $0) } ?? "" }

    /// Looks at the folder again: libvirt knows of files only what it saw last.
    func refresh() throws(LibvirtFailure) { try checked(use { virStoragePoolRefresh($0, 0) }) }

    func facts() throws -> StoragePool {
        try StoragePoolXMLReader.read(ownedString(use { virStoragePoolGetXMLDesc($0, 0) }))
    }

    /// nil where there is none of that name.
    func volume(_ name: String) throws(LibvirtFailure) -> VolumeHandle? {
        guard let found = use({ virStorageVolLookupByName($0, name) }) else {
            let failure = LibvirtFailure.last()
            guard failure.has(VIR_ERR_NO_STORAGE_VOL) else { throw failure }
            return nil
        }
        return VolumeHandle(owning: found)
    }

    /// What lies in it and is no folder.
    func files() throws(LibvirtFailure) -> [VolumeHandle] {
        var array: UnsafeMutablePointer<virStorageVolPtr?>?
        let count = use { virStoragePoolListAllVolumes($0, &array, 0) }
        let volumes = try ownedArray(count, array).map { VolumeHandle(owning: $0) }
        var files: [VolumeHandle] = []
        for volume in volumes where try volume.isFile() { files.append(volume) }
        return files.sorted { $0.name < $1.name }
    }

    func create(_ xml: String) throws(LibvirtFailure) -> VolumeHandle {
        VolumeHandle(owning: try checked(use { virStorageVolCreateXML($0, xml, 0) }))
    }

    static let temporaryPrefix = "kvmbalance-"
    var isTemporary: Bool { name.hasPrefix(Self.temporaryPrefix) }

    /// Lets go of a pool that was made for a moment. Its files stay.
    func dissolve() { _ = use { virStoragePoolDestroy($0) } }
}

/// A reference to a volume of a pool; freed when it is let go.
final class VolumeHandle {
    private let pointer: virStorageVolPtr

    init(owning pointer: virStorageVolPtr) { self.pointer = pointer }

    deinit { virStorageVolFree(pointer) }

    func use<Value>(_ call: (virStorageVolPtr) -> Value) -> Value {
        withExtendedLifetime(self) { call(pointer) }
    }

    var name: String { use { virStorageVolGetName($0) }.map { String(cString: $0) } ?? "" }

    func pool() throws(LibvirtFailure) -> PoolHandle {
        PoolHandle(owning: try checked(use { virStoragePoolLookupByVolume($0) }))
    }

    /// What the guest sees, what it takes of its storage, and the length of the file.
    func sizes() throws(LibvirtFailure) -> (capacity: Bytes, allocation: Bytes, length: Bytes) {
        var info = virStorageVolInfo()
        try checked(use { virStorageVolGetInfo($0, &info) })
        let (capacity, allocation) = (info.capacity, info.allocation)
        let physical = VIR_STORAGE_VOL_GET_PHYSICAL.rawValue
        try checked(use { virStorageVolGetInfoFlags($0, &info, physical) })
        let sizes = try [capacity, allocation, info.allocation].map {
            count throws(LibvirtFailure) in try Self.size(count, of: name)
        }
        return (capacity: sizes[0], allocation: sizes[1], length: sizes[2])
    }

    /// What libvirt tells beside the sizes: it looks at the file again.
    func description() throws -> VolumeXMLReader.Volume {
        try VolumeXMLReader.read(ownedString(use { virStorageVolGetXMLDesc($0, 0) }))
    }

    /// Sums over a domain's images would not stand what no storage holds.
    static func size(_ count: UInt64, of name: String) throws(LibvirtFailure) -> Bytes {
        guard let size = Bytes.plausible(Int64(exactly: count)) else {
            throw LibvirtFailure.refused(
                "the volume '\(name)' is reported to have \(count) bytes, which is impossible",
                remedy: "check it with virsh vol-info")
        }
        return size
    }

    func isFile() throws(LibvirtFailure) -> Bool {
        var info = virStorageVolInfo()
        try checked(use { virStorageVolGetInfo($0, &info) })
        return info.type == Int32(VIR_STORAGE_VOL_FILE.rawValue)
    }

    func xml() throws(LibvirtFailure) -> String {
        try ownedString(use { virStorageVolGetXMLDesc($0, 0) })
    }

    /// Its length and when it was last written to: what is the same for every name of a file, and
    /// changes when somebody writes.
    func stamp() throws -> String {
        let root = try MarkupReader.read(xml(), root: "volume")
        let written = root.first("target", "timestamps", "mtime")?.trimmedText ?? "unknown"
        // libvirt leaves the length of an empty file out.
        let length = (root.first("physical") ?? root.first("capacity"))?.trimmedText ?? "unknown"
        return "\(length) bytes, \(written)"
    }

    func delete() throws(LibvirtFailure) { try checked(use { virStorageVolDelete($0, 0) }) }
}

extension ConnectionHandle {
    func pool(_ name: String) throws(LibvirtFailure) -> PoolHandle {
        PoolHandle(owning: try checked(use { virStoragePoolLookupByName($0, name) }))
    }

    /// The volume that has this path; nil where no active pool knows it.
    func volume(at path: String) -> VolumeHandle? {
        use { virStorageVolLookupByPath($0, path) }.map { VolumeHandle(owning: $0) }
    }

    /// The same, after another look at its folder where it is not known: libvirt knows of files
    /// only what it saw last.
    func freshVolume(at path: String) throws(LibvirtFailure) -> VolumeHandle? {
        if let volume = volume(at: path) { return volume }
        try pool(showing: DiskImage.folder(of: path))?.refresh()
        return volume(at: path)
    }

    func activePools() throws(LibvirtFailure) -> [PoolHandle] {
        var array: UnsafeMutablePointer<virStoragePoolPtr?>?
        let active = VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE.rawValue
        let count = use { virConnectListAllStoragePools($0, &array, active) }
        return try ownedArray(count, array).map { PoolHandle(owning: $0) }
    }

    /// The active pool that shows this folder.
    func pool(showing folder: String) -> PoolHandle? {
        anyPool(showing: folder).flatMap { $0.isTemporary ? nil : $0 }
    }

    private func anyPool(showing folder: String) -> PoolHandle? {
        use { virStoragePoolLookupByTargetPath($0, folder) }.map { PoolHandle(owning: $0) }
    }

    /// Lends a pool over a folder; where there is none, one is made for the time of the call, and
    /// the folder too when that is wanted.
    func withPool<Value>(
        showing folder: String, making: Bool = false, _ body: (PoolHandle) throws -> Value
    ) throws -> Value {
        if let pool = pool(showing: folder) {
            try pool.refresh()
            return try body(pool)
        }
        // libvirt has one pool for a folder: a second move must not find one that is about to go.
        return try Self.temporaryPools.withLock {
            let made = try anyPool(showing: folder) ?? temporaryPool(over: folder, making: making)
            defer { made.dissolve() }
            try made.refresh()
            return try body(made)
        }
    }

    /// Of this process, over all hosts: what is copied through them is small.
    private static let temporaryPools = NSRecursiveLock()

    private func temporaryPool(
        over folder: String, making: Bool
    ) throws(LibvirtFailure) -> PoolHandle {
        let mark = folder.utf8.reduce(UInt64(14_695_981_039_346_656_037)) {
            ($0 ^ UInt64($1)) &* 1_099_511_628_211
        }
        let xml =
            "<pool type='dir'><name>\(PoolHandle.temporaryPrefix)\(String(mark, radix: 16))</name>"
            + "<target><path>\(folder.escapedForXML)</path></target></pool>"
        let flags = making ? VIR_STORAGE_POOL_CREATE_WITH_BUILD.rawValue : 0
        return PoolHandle(owning: try checked(use { virStoragePoolCreateXML($0, xml, flags) }))
    }
}

extension String {
    var escapedForXML: String {
        var text = ""
        for character in self {
            switch character {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            case "'": text += "&apos;"
            case "\"": text += "&quot;"
            default: text.append(character)
            }
        }
        return text
    }
}
