import ClusterModel

/// A network device of a host, from its XML (`virNodeDeviceGetXMLDesc`).
struct NetworkDevice: Hashable {
    var name: String
    /// Made by the kernel or a program, and no card: a bridge, a tap, a bond.
    var isVirtual: Bool
    /// Mbit/s of a card that has a link; nil where there is none or the card does not tell.
    var linkMbps: Int?

    init(name: String, isVirtual: Bool = false, linkMbps: Int? = nil) {
        self.name = name
        self.isVirtual = isVirtual
        self.linkMbps = linkMbps
    }

    /// nil for a device that is no network device.
    init?(_ xml: String) throws(MalformedXML) {
        let root = try MarkupReader.read(xml, root: "device")
        let net = root.all("capability").first { $0.attribute("type") == "net" }
        guard let net, let name = net.first("interface")?.text, !name.isEmpty else { return nil }
        let link = net.first("link")
        let speed = link?.attribute("speed").flatMap { Int($0) }
        self.init(
            name: name,
            isVirtual: root.first("path")?.text.contains("/devices/virtual/") ?? false,
            // The state is missing where an older libvirt did not ask.
            linkMbps: link?.attribute("state") ?? "up" == "up"
                ? speed.flatMap { Plausible.link.contains($0) ? $0 : nil } : nil)
    }
}

/// What a host's network devices are good for, from what three drivers of libvirt tell of them.
struct HostBridges: Hashable {
    /// All bridges, sorted.
    var all: [String]
    /// Those that are Linux bridges, sorted.
    var linux: [String]

    /// `interfaces` are those of the interface driver and whether it calls them bridges; it lists
    /// no tap and no device of Open vSwitch's own datapath. `devices` are all network devices; nil
    /// where they were not listed.
    init(
        interfaces: [(name: String, isBridge: Bool)], networks: [LibvirtNetwork],
        devices: [NetworkDevice]?
    ) {
        // libvirt made the bridges of such networks itself.
        let own = networks.filter(\.isOfItsHost).compactMap(\.bridge)
        let linux = Set(interfaces.filter(\.isBridge).map(\.name) + own)
        let present = Set(interfaces.map(\.name) + (devices ?? []).map(\.name))
        var all = linux
        // Open vSwitch's bridges look like ordinary devices; where it runs, any that is no card may
        // be one. Its two datapaths, the kernel's and its own, each have a device by which they are
        // known.
        let marks: Set<String> = ["ovs-system", "ovs-netdev"]
        if !present.isDisjoint(with: marks) {
            let cards = (devices ?? []).filter { !$0.isVirtual }.map(\.name)
            all.formUnion(
                present.subtracting(marks).subtracting(cards).filter {
                    $0 != "lo" && !$0.hasPrefix("vnet")
                })
        }
        // A network that only names a bridge is active whether that exists or not.
        for name in networks.filter({ !$0.isOfItsHost }).compactMap(\.bridge)
        where devices == nil || present.contains(name) { all.insert(name) }
        self.all = all.sorted()
        self.linux = linux.sorted()
    }
}
