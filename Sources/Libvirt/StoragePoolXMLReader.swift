import ClusterModel

/// Reads a storage pool's XML, and what the storage is wherever it is mounted.
enum StoragePoolXMLReader {
    static func read(_ xml: String) throws(MalformedXML) -> StoragePool {
        let root = try MarkupReader.read(xml, root: "pool")
        guard let name = root.first("name")?.trimmedText, !name.isEmpty,
            let type = root.attribute("type")
        else { throw MalformedXML("a pool without a name or a type") }
        let path = root.first("target", "path")?.trimmedText
        return StoragePool(
            name: name, type: type, targetPath: path.flatMap { $0.isEmpty ? nil : $0 },
            identity: identity(type: type, source: root.first("source")),
            available: try root.first("available").map { element throws(MalformedXML) in
                // A cluster's storage holds more than any host has memory.
                try element.memory(
                    element.trimmedText, unit: element.attribute("unit") ?? "bytes",
                    upTo: Plausible.storage)
            })
    }

    /// Two pools with equal identities hold the same bytes.
    ///
    /// nil for `dir`, `fs` and `disk`, which are of their host (a directory may lie on a shared
    /// mount, but its pool does not say so); for `logical`, `scsi`, `mpath`, `zfs` and `vstorage`,
    /// whose names repeat on every host and prove nothing; for sources that lack what would
    /// identify them; and for servers that are called `localhost` or similar, which is another one
    /// on each host.
    private static func identity(type: String, source: MarkupElement?) -> String? {
        guard let source else { return nil }
        // The order of monitors or servers in the XML says nothing.
        let hosts = source.all("host").compactMap(address).sorted()
        guard !hosts.isEmpty,
            !source.all("host").contains(where: {
                LocalAddress.isLoopback($0.attribute("name") ?? "")
            })
        else { return nil }
        let servers = hosts.joined(separator: ",")
        let path = source.first("dir")?.attribute("path").map(DiskImage.simplified)
        let name = source.first("name")?.trimmedText
        switch type {
        case "netfs":
            guard let path else { return nil }
            let format = source.first("format")?.attribute("type") ?? "auto"
            return "netfs:\(format):\(servers):\(path)"
        case "gluster":
            guard let name else { return nil }
            return "gluster:\(servers):\(name):\(path ?? "/")"
        case "rbd", "sheepdog":
            guard let name else { return nil }
            return "\(type):\(servers):\(name)"
        case "iscsi", "iscsi-direct":
            guard let target = source.first("device")?.attribute("path") else { return nil }
            return "iscsi:\(servers):\(target)"
        default:
            return nil
        }
    }

    private static func address(of host: MarkupElement) -> String? {
        guard let name = host.attribute("name") else { return nil }
        return host.attribute("port").map { "\(name):\($0)" } ?? name
    }
}
