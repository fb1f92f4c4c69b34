/// A network card of a domain and what it needs on the host.
package struct NetworkInterface: Hashable, Sendable {
    /// What it is plugged into.
    package enum Plug: Hashable, Sendable {
        /// A libvirt network.
        case network(String)
        case bridge(String)
        /// macvtap on a host device of this name.
        case direct(device: String)
        case other(type: String)
    }

    package var plug: Plug
    /// Of its libvirt network; nil where it takes the network's default.
    package var portgroup: String?
    /// Type of the `<virtualport>` of a card on a bridge: `openvswitch` asks for a port of Open
    /// vSwitch, which a Linux bridge does not have, and the other way round.
    package var virtualPort: String?
    /// libvirt's network filter in front of it (`<filterref>`).
    package var filter: String?

    package init(
        _ plug: Plug, portgroup: String? = nil, virtualPort: String? = nil, filter: String? = nil
    ) {
        self.plug = plug
        self.portgroup = portgroup
        self.virtualPort = virtualPort
        self.filter = filter
    }

    package static func network(_ name: String) -> Self { Self(.network(name)) }
    package static func bridge(_ name: String) -> Self { Self(.bridge(name)) }
    package static func direct(device: String) -> Self { Self(.direct(device: device)) }
    package static func other(type: String) -> Self { Self(.other(type: type)) }

    /// The name of what it is plugged into; nil where that is nothing with a name.
    package var source: String? {
        switch plug {
        case .network(let name), .bridge(let name), .direct(let name): name
        case .other: nil
        }
    }

    /// The libvirt network that it is plugged into.
    package var network: String? {
        if case .network(let name) = plug { name } else { nil }
    }

    /// The same card, plugged into something of another name.
    package func plugged(into name: String) -> NetworkInterface {
        var card = self
        switch plug {
        case .network: card.plug = .network(name)
        case .bridge: card.plug = .bridge(name)
        case .direct: card.plug = .direct(device: name)
        case .other: break
        }
        return card
    }
}

extension DomainFacts {
    /// Portgroups that its cards ask for, by their network, each in order.
    package var portgroups: [String: [String]] {
        var groups: [String: Set<String>] = [:]
        for card in interfaces {
            guard let network = card.network, let group = card.portgroup else { continue }
            groups[network, default: []].insert(group)
        }
        return groups.mapValues { $0.sorted() }
    }
}

/// The plug as one key with the name in it, as snapshots have had it from the start, and beside it
/// what else is known: `{"bridge": {"_0": "br0"}, "virtualPort": "openvswitch"}`.
extension NetworkInterface: Codable {
    private enum CodingKeys: String, CodingKey {
        case network, bridge, direct, other
        case portgroup, virtualPort, filter
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func name(_ key: CodingKeys) throws -> String? {
            try container.decodeIfPresent([String: String].self, forKey: key)?.values.min()
        }
        if let name = try name(.network) {
            plug = .network(name)
        } else if let name = try name(.bridge) {
            plug = .bridge(name)
        } else if let name = try name(.direct) {
            plug = .direct(device: name)
        } else if let name = try name(.other) {
            plug = .other(type: name)
        } else {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(
                    codingPath: decoder.codingPath,
                    debugDescription: "a card is plugged into a network, a bridge, a device "
                        + "(direct) or something other"))
        }
        portgroup = try container.decodeIfPresent(String.self, forKey: .portgroup)
        virtualPort = try container.decodeIfPresent(String.self, forKey: .virtualPort)
        filter = try container.decodeIfPresent(String.self, forKey: .filter)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch plug {
        case .network(let name): try container.encode(["_0": name], forKey: .network)
        case .bridge(let name): try container.encode(["_0": name], forKey: .bridge)
        case .direct(let name): try container.encode(["device": name], forKey: .direct)
        case .other(let type): try container.encode(["type": type], forKey: .other)
        }
        try container.encodeIfPresent(portgroup, forKey: .portgroup)
        try container.encodeIfPresent(virtualPort, forKey: .virtualPort)
        try container.encodeIfPresent(filter, forKey: .filter)
    }
}
