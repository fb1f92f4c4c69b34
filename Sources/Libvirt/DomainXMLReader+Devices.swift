import ClusterModel

extension DomainXMLReader {
    /// Every disk, each followed by the images that it lies over: a local base image under a shared
    /// overlay keeps a guest where it is, too. `ask` is for what the XML does not name: see
    /// `BackingChain`.
    static func disks(
        of root: MarkupElement, asking ask: (Disk.Source) -> BackingLayer? = { _ in nil }
    ) -> [Disk] {
        let elements = root.first("devices")?.all("disk") ?? []
        return elements.flatMap { element in
            let disk = Disk(
                target: element.first("target")?.attribute("dev") ?? "?",
                source: source(of: element),
                cache: element.first("driver")?.attribute("cache"),
                isReadOnly: element.has("readonly"), isShareable: element.has("shareable"),
                device: element.attribute("device") ?? "disk")
            let layers = BackingChain.layers(of: element, asking: ask)
            return [disk] + backingDisks(layers, under: disk)
        }
    }

    private static func backingDisks(_ layers: [BackingLayer], under disk: Disk) -> [Disk] {
        layers.enumerated().map { index, layer in
            Disk(
                target: Disk.target(ofBase: index + 1, under: disk.target),
                source: layer.source, cache: disk.cache, isReadOnly: true,
                isShareable: disk.isShareable, device: disk.device)
        }
    }

    static func source(of element: MarkupElement) -> Disk.Source {
        let type = element.attribute("type") ?? "file"
        guard let source = element.first("source") else { return .none }
        switch type {
        case "file": return source.attribute("file").map { .file(path: $0) } ?? .none
        case "block": return source.attribute("dev").map { .block(path: $0) } ?? .none
        case "volume":
            guard let pool = source.attribute("pool"), let volume = source.attribute("volume")
            else { return .none }
            return .volume(pool: pool, volume: volume)
        case "network": return networkSource(source)
        default: return .other(type: type)
        }
    }

    /// QEMU reaches it by itself, on whatever host it runs: only what is called by an address that
    /// leads to the same server from everywhere is the same disk there.
    private static func networkSource(_ source: MarkupElement) -> Disk.Source {
        let name = source.attribute("protocol") ?? "unknown"
        let own = source.all("host").compactMap { host -> String? in
            if host.attribute("transport") == "unix" { return "a unix socket" }
            return host.attribute("name").flatMap { LocalAddress.isLoopback($0) ? $0 : nil }
        }
        if let first = own.first { return .other(type: "\(name) by \(first)") }
        return .network(protocol: name, name: source.attribute("name") ?? "")
    }

    static func interfaces(of root: MarkupElement) -> [NetworkInterface] {
        (root.first("devices")?.all("interface") ?? []).map { element in
            var card = NetworkInterface(plug(of: element))
            card.filter = element.first("filterref")?.attribute("filter")
            // Of a card on a network the port is the network's own, on each host.
            if card.network == nil {
                card.virtualPort = element.first("virtualport")?.attribute("type")
            } else {
                card.portgroup = element.first("source")?.attribute("portgroup")
            }
            return card
        }
    }

    private static func plug(of element: MarkupElement) -> NetworkInterface.Plug {
        let type = element.attribute("type") ?? "unknown"
        let source = element.first("source")
        // The live XML of a card on a libvirt network may have the network's own type (bridge,
        // direct) with the network's name beside it: what it needs is the network.
        if ["network", "bridge", "direct"].contains(type), let name = source?.attribute("network") {
            return .network(name)
        }
        switch type {
        case "bridge": return source?.attribute("bridge").map { .bridge($0) } ?? .other(type: type)
        case "direct":
            return source?.attribute("dev").map { .direct(device: $0) } ?? .other(type: type)
        default: return .other(type: type)
        }
    }
}

extension MarkupElement {
    /// The images under a disk, from the top. libvirt ends them with an empty element.
    var backingStores: [MarkupElement] {
        var found: [MarkupElement] = []
        var layer = first("backingStore")
        while let store = layer, store.attribute("type") != nil {
            found.append(store)
            layer = store.first("backingStore")
        }
        return found
    }
}
