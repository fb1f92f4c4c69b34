import ClusterModel

/// What of a domain's XML means something on its own host only, put into the target's terms: CPUs and
/// NUMA cells by number, and addresses that consoles listen on.
///
/// libvirt copies all of it as it is. It lets exactly such parts differ in the XML for the target (the
/// guest can not see them), and refuses any other difference. Pure: text in, text out.
struct HostXMLTranslation {
    /// What the target has.
    struct Target: Hashable, Sendable {
        var cpus: Set<Int>
        var cells: Set<Int>
        /// The source's addresses with those of the target.
        var addresses: [String: String] = [:]
    }

    let target: Target

    /// Is there anything in it that could need a translation?
    static func isBound(_ xml: String, addresses: [String: String]) -> Bool {
        ["<vcpupin ", "<emulatorpin ", "<iothreadpin ", " cpuset='", "<numatune>"].contains {
            xml.contains($0)
        } || addresses.keys.contains { xml.contains("'\($0)'") }
    }

    /// The XML for the target; nil when it is the same. libvirt writes one element a line.
    func translated(_ xml: String) -> String? {
        var lines: [Substring] = []
        var isTuning = false
        let numatune = numatune(of: xml)
        for line in xml.split(separator: "\n", omittingEmptySubsequences: false) {
            let text = line.drop { $0 == " " }
            if text.hasPrefix("<numatune>") { isTuning = true }
            let isDropped = (isTuning && !numatune) || isForeignPin(text)
            if text.hasPrefix("</numatune>") { isTuning = false }
            if !isDropped { lines.append(Substring(rewritten(line))) }
        }
        let result = lines.joined(separator: "\n")
        return result == xml ? nil : result
    }

    /// Can the binding to cells be kept? A strict one is never loosened: the planner sees to it that
    /// the target has the cells.
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
            return !isSoft || target.cells.isSuperset(of: cells)
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
        guard let numbers = try? NumberList.numbers(cpuset) else { return false }
        return target.cpus.isSuperset(of: numbers)
    }

    private func rewritten(_ line: Substring) -> String {
        var text = String(line)
        let element = line.drop { $0 == " " }
        if element.hasPrefix("<vcpu "), let set = Self.value("cpuset", in: line), !has(set) {
            text = text.replacing(" cpuset='\(set)'", with: "")
        }
        if element.hasPrefix("<graphics ") || element.hasPrefix("<listen ") {
            for name in ["listen", "address"] {
                guard let old = Self.value(name, in: line), let new = target.addresses[old] else {
                    continue
                }
                text = text.replacing(" \(name)='\(old)'", with: " \(name)='\(new)'")
            }
        }
        return text
    }

    private static func value(_ name: String, in line: Substring) -> String? {
        guard let start = line.firstRange(of: " \(name)='")?.upperBound,
            let end = line[start...].firstIndex(of: "'")
        else { return nil }
        return String(line[start..<end])
    }
}
