import ClusterModel

/// What the operator knows of hosts and libvirt does not: storage that is the same, networks that
/// are.
extension PolicyReader {
    static func sharedStorage(_ table: YAMLTable) throws(PolicyError) -> [SharedStorage] {
        var shared: [SharedStorage] = []
        for entry in try table.tables(
            "sharedStorage", keys: vocabulary["sharedStorage"] ?? [])
        {
            let path = try entry.scalar("path", "an absolute path such as /srv/vm") {
                $0.hasPrefix("/") ? $0 : nil
            }
            shared.append(
                SharedStorage(
                    path: try entry.required(path, "path"),
                    hosts: try entry.strings("hosts")?.map { HostName($0) }))
        }
        return shared
    }

    static func interfaces(_ table: YAMLTable) throws(PolicyError) -> [InterfaceNames] {
        var interfaces: [InterfaceNames] = []
        for entry in try table.tables("interfaces", keys: vocabulary["interfaces"] ?? []) {
            let name = try entry.scalar("name", "a bridge or network such as br0") {
                isInterface($0) ? $0 : nil
            }
            let hosts = try entry.required(entry.names("hosts"), "hosts")
            if let odd = hosts.values.sorted().first(where: { !isInterface($0) }) {
                throw entry.error("'\(odd)' is not the name of a bridge or network", at: "hosts")
            }
            let new = InterfaceNames(
                name: try entry.required(name, "name"),
                hosts: Dictionary(
                    uniqueKeysWithValues: hosts.map { (HostName($0.key), $0.value) }))
            if let clash = interfaces.lazy.compactMap({ new.clash(with: $0) }).first {
                let place = clash.host.map { "on \($0)" } ?? "on hosts that are not listed"
                throw entry.error(
                    "two of 'interfaces' are called '\(clash.name)' \(place), so that a card "
                        + "could be on either", at: "hosts")
            }
            interfaces.append(new)
        }
        return interfaces
    }

    /// Goes into XML: nothing that would have to be quoted there.
    private static func isInterface(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 64
            && name.unicodeScalars.allSatisfy { !"<>&'\" \t\n".unicodeScalars.contains($0) }
    }
}
