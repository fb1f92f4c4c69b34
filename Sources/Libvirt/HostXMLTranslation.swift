import ClusterModel
import HypervisorInterface

/// What of a domain's XML means something on its own host only, put into the target's terms: CPUs
/// and NUMA cells by number, addresses that consoles listen on, and the names of networks.
///
/// libvirt copies all of it as it is. It lets exactly such parts differ in the XML for the target
/// (the guest cannot see them), and refuses any other difference. Pure: text in, text out.
struct HostXMLTranslation {
    /// The target's terms.
    struct Terms: Hashable, Sendable {
        /// What it has; nil where it did not answer, and nothing bound to them changes.
        var cpus: Set<Int>?
        var cells: Set<Int>?
        /// The source's addresses with those of the target.
        var addresses: [String: String] = [:]
        /// The source's names of networks with those of the target.
        var interfaces: [String: String] = [:]
        /// The path of the source's QEMU with that of the target's.
        var emulators: [String: String] = [:]

        /// The target's address for one of the source, however that is written.
        func address(for own: String) -> String? {
            if let exact = addresses[own] { return exact }
            guard let wanted = NetworkAddress(own) else { return nil }
            return addresses.first { NetworkAddress($0.key) == wanted }?.value
        }
    }

    private(set) var terms: Terms

    /// Is there anything in it that could need a translation?
    static func isBound(_ xml: String, _ terms: Terms) -> Bool {
        ["<vcpupin ", "<emulatorpin ", "<iothreadpin ", " cpuset='", "<numatune>"].contains {
            xml.contains($0)
        }
            || [terms.addresses, terms.interfaces].contains {
                $0.keys.contains { xml.contains("'\($0)'") }
            } || terms.emulators.keys.contains { xml.contains(Self.emulator($0)) }
            // An address of IPv6 can be written in several ways.
            || terms.addresses.keys.contains { $0.contains(":") } && xml.contains("<graphics ")
    }

    /// The XML for the target; nil when it is the same. libvirt writes one element a line.
    func translated(_ xml: String) -> String? {
        var lines: [Substring] = []
        var isTuning = false
        var isCard = false
        let numatune = numatune(of: xml)
        for line in xml.split(separator: "\n", omittingEmptySubsequences: false) {
            let text = line.drop { $0 == " " }
            if text.hasPrefix("<numatune>") { isTuning = true }
            if text.hasPrefix("<interface ") { isCard = true }
            if text.hasPrefix("</interface>") { isCard = false }
            let isDropped = (isTuning && !numatune) || isForeignPin(text)
            if text.hasPrefix("</numatune>") { isTuning = false }
            if !isDropped { lines.append(Substring(rewritten(line, isCard: isCard))) }
        }
        let result = lines.joined(separator: "\n")
        return result == xml ? nil : result
    }

    /// Can the binding to cells be kept? A strict one is never loosened: the planner sees to it
    /// that the target has the cells.
    private func numatune(of xml: String) -> Bool {
        guard let start = xml.firstRange(of: "<numatune>"),
            let end = xml.firstRange(of: "</numatune>")
        else { return true }
        let entries = xml[start.upperBound..<end.lowerBound].split(separator: "\n")
        return entries.allSatisfy { entry in
            guard let nodeset = Self.value("nodeset", in: entry) else { return true }
            let mode = Self.value("mode", in: entry) ?? "strict"
            let isSoft = mode == "preferred" || mode == "interleave"
            let cells = (try? NumberList.numbers(nodeset)) ?? []
            return !isSoft || terms.cells?.isSuperset(of: cells) ?? true
        }
    }

    /// A pin to CPUs of which the target lacks some.
    private func isForeignPin(_ text: Substring) -> Bool {
        guard ["<vcpupin ", "<emulatorpin ", "<iothreadpin "].contains(where: text.hasPrefix),
            let set = Self.value("cpuset", in: text)
        else { return false }
        return !has(set)
    }

    private func has(_ cpuset: String) -> Bool {
        guard let cpus = terms.cpus else { return true }
        guard let numbers = try? NumberList.numbers(cpuset) else { return false }
        return cpus.isSuperset(of: numbers)
    }

    private func rewritten(_ line: Substring, isCard: Bool) -> String {
        var text = String(line)
        let element = line.drop { $0 == " " }
        if element.hasPrefix("<vcpu "), let set = Self.value("cpuset", in: line), !has(set) {
            text = text.replacing(" cpuset='\(set)'", with: "")
        }
        if element.hasPrefix("<graphics ") || element.hasPrefix("<listen ") {
            for name in ["listen", "address"] {
                guard let old = Self.value(name, in: line), let new = terms.address(for: old) else {
                    continue
                }
                text = text.replacing(" \(name)='\(old)'", with: " \(name)='\(new)'")
            }
        }
        for (old, new) in terms.emulators where line == Self.emulator(old) {
            return Self.emulator(new)
        }
        // With a network's name beside it, a bridge is the network's own, and the target's to
        // choose.
        if isCard, element.hasPrefix("<source "),
            let name = ["network", "bridge", "dev"].first(where: {
                Self.value($0, in: line) != nil
            }),
            let old = Self.value(name, in: line), let new = terms.interfaces[old]
        {
            text = text.replacing(" \(name)='\(old)'", with: " \(name)='\(new)'")
        }
        return text
    }

    /// Its line as libvirt writes it, under `<devices>`; what `<metadata>` holds is indented more.
    private static func emulator(_ path: String) -> String {
        let escaped = path.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
        return "    <emulator>\(escaped)</emulator>"
    }

    private static func value(_ name: String, in line: Substring) -> String? {
        guard let start = line.firstRange(of: " \(name)='")?.upperBound,
            let end = line[start...].firstIndex(of: "'")
        else { return nil }
        return String(line[start..<end])
    }
}

extension HostXMLTranslation {
    /// For a target that has these; nil where it does not tell, and nothing else is to change: then
    /// the XML goes as it is, as libvirt would send it.
    init?(_ terms: Terms, for target: (cpus: Set<Int>, cells: Set<Int>)?) {
        // The plan counts on the names of networks and on QEMU's path.
        guard target != nil || !terms.interfaces.isEmpty || !terms.emulators.isEmpty else {
            return nil
        }
        self.terms = terms
        self.terms.cpus = target?.cpus
        self.terms.cells = target?.cells
    }
}

extension HostXMLTranslation.Terms {
    init(of request: MigrationRequest) {
        self.init(
            addresses: request.addresses, interfaces: request.interfaces,
            emulators: request.emulators)
    }
}
