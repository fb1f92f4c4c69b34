import ClusterModel

/// Reads a libvirt network's XML (`virNetworkGetXMLDesc`).
enum NetworkXMLReader {
    static func read(_ xml: String) throws(MalformedXML) -> LibvirtNetwork {
        let root = try MarkupReader.read(xml, root: "network")
        guard let name = root.first("name")?.text, !name.isEmpty else {
            throw MalformedXML("a network without a name")
        }
        let groups = root.all("portgroup").compactMap { group -> LibvirtNetwork.Portgroup? in
            group.attribute("name").map {
                LibvirtNetwork.Portgroup(
                    name: $0, isDefault: group.attribute("default") == "yes",
                    vlans: vlans(of: group))
            }
        }
        return LibvirtNetwork(
            name: name,
            // Without a mode it is NAT (virNetworkForwardDefParseXML).
            forward: root.first("forward").map { $0.attribute("mode") ?? "nat" },
            bridge: root.first("bridge")?.attribute("name"), vlans: vlans(of: root),
            portgroups: groups.isEmpty ? nil : groups.sorted { $0.name < $1.name })
    }

    private static func vlans(of element: MarkupElement) -> [Int]? {
        let tags = (element.first("vlan")?.all("tag") ?? []).compactMap {
            $0.attribute("id").flatMap { Int($0) }
        }
        return tags.isEmpty ? nil : tags.sorted()
    }
}
