import ClusterModel

/// Reads what libvirt tells of a storage volume (`virStorageVolGetXMLDesc`).
enum VolumeXMLReader {
    /// What the XML holds beside the sizes.
    struct Volume: Hashable, Sendable {
        /// What lies under it.
        var backing: BackingLayer?
        /// When its bytes, and when anything about the file, changed last: seconds since 1970 with
        /// nanoseconds, as its host tells. nil where the storage knows no such times.
        var modified: String?
        var changed: String?
    }

    static func read(_ xml: String) throws(MalformedXML) -> Volume {
        let root = try MarkupReader.read(xml, root: "volume")
        var volume = Volume()
        let store = root.first("backingStore")
        if let path = store?.first("path")?.trimmedText, !path.isEmpty {
            volume.backing = BackingLayer(
                path: path, format: store?.first("format")?.attribute("type"))
        }
        let times = root.first("target", "timestamps")
        volume.modified = times?.first("mtime")?.trimmedText
        volume.changed = times?.first("ctime")?.trimmedText
        return volume
    }
}
