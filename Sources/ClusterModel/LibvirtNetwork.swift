/// What a libvirt network of a host leads to: two hosts may have one name for different things.
package struct LibvirtNetwork: Hashable, Codable, Sendable {
    /// A kind of port of the network, which cards ask for by its name.
    package struct Portgroup: Hashable, Codable, Sendable {
        package var name: String
        /// Taken by cards that name none.
        package var isDefault: Bool
        /// VLAN tags; nil where it sets none.
        package var vlans: [Int]?

        package init(name: String, isDefault: Bool = false, vlans: [Int]? = nil) {
            self.name = name
            self.isDefault = isDefault
            self.vlans = vlans
        }
    }

    package var name: String
    /// libvirt's forward mode (`nat`, `route`, `open`, `bridge`, `private`, `vepa`, `passthrough`,
    /// `hostdev`); nil for an isolated network, which has none.
    package var forward: String?
    package var bridge: String?
    /// VLAN tags of the network itself; nil where it sets none.
    package var vlans: [Int]?
    /// In order of name; nil where there are none.
    package var portgroups: [Portgroup]?

    package init(
        name: String, forward: String? = nil, bridge: String? = nil, vlans: [Int]? = nil,
        portgroups: [Portgroup]? = nil
    ) {
        self.name = name
        self.forward = forward
        self.bridge = bridge
        self.vlans = vlans
        self.portgroups = portgroups
    }

    /// Is it a network of its host alone, behind libvirt's own bridge? A guest that moves comes
    /// into another one, even where that has the same name and addresses.
    package var isOfItsHost: Bool {
        forward.map { ["nat", "route", "open"].contains($0) } ?? true
    }

    /// In words, after "is" or "it is".
    package var kind: String {
        switch forward {
        case nil: "isolated"
        case "nat": "NAT"
        case "route": "routed"
        case let mode?: "of mode \(mode)"
        }
    }

    /// VLAN tags of a card with this portgroup; empty where it sends without.
    package func vlans(of portgroup: String?) -> [Int] {
        let own = portgroups?.first { portgroup == nil ? $0.isDefault : $0.name == portgroup }
        return own?.vlans ?? vlans ?? []
    }
}
