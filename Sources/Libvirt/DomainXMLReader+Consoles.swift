import ClusterModel

extension DomainXMLReader {
    /// TCP ports of its host that the domain's QEMU listens on: graphical consoles (VNC, SPICE,
    /// RDP) with their TLS and websocket ports, and serial ports that somebody connects to. In live
    /// XML also those that libvirt chose.
    static func consolePorts(of root: MarkupElement) -> [ConsolePort]? {
        var ports: [ConsolePort] = []
        for element in root.first("devices")?.children ?? [] where element.namespace == nil {
            switch element.name {
            case "graphics": ports += graphics(element)
            case "serial", "console", "parallel", "channel", "monitor":
                if let port = characterDevice(listening: element) { ports.append(port) }
            default: break
            }
        }
        // A serial port is listed a second time as the console that it is.
        let found = ports.reduce(into: [ConsolePort]()) { if !$0.contains($1) { $0.append($1) } }
        return found.isEmpty ? nil : found
    }

    private static func graphics(_ element: MarkupElement) -> [ConsolePort] {
        let isAutomatic = element.attribute("autoport") == "yes"
        let address =
            element.first("listen")?.attribute("address") ?? element.attribute("listen")
        return ["port", "tlsPort", "websocket"].compactMap { name in
            // -1 and 0 stand for a port that libvirt has yet to choose.
            guard let text = element.attribute(name), let port = number(text) else { return nil }
            // autoport is about the first two.
            return ConsolePort(
                port: port, address: address, isAutomatic: isAutomatic && name != "websocket")
        }
    }

    private static func characterDevice(listening element: MarkupElement) -> ConsolePort? {
        guard element.attribute("type") == "tcp" else { return nil }
        let source = element.all("source").first { $0.attribute("mode") == "bind" }
        guard let port = source?.attribute("service").flatMap({ number($0) }) else { return nil }
        return ConsolePort(port: port, address: source?.attribute("host"))
    }

    private static func number(_ text: String) -> Int? {
        Int(text).flatMap { (1...65535).contains($0) ? $0 : nil }
    }

    /// CPUs that any of its threads is pinned to; nil where it may use all of them.
    static func pinnedCPUs(of root: MarkupElement) throws(MalformedXML) -> [Int]? {
        let pins = root.first("cputune")?.all("vcpupin") ?? []
        var cpus: Set<Int> = []
        for set in (pins + [root.first("vcpu")].compactMap(\.self)).compactMap({
            $0.attribute("cpuset")
        }) {
            // All CPUs but some are not a few.
            guard !set.contains("^") else { return nil }
            cpus.formUnion(try NumberList.numbers(set))
        }
        return cpus.isEmpty ? nil : cpus.sorted()
    }
}
