import ClusterModel

/// Reads a domain's XML into facts. What the XML does not hold (state, autostart, domain
/// snapshots, …) is left at its default, for the inventory to fill in.
enum DomainXMLReader {
    static func read(_ xml: String) throws(MalformedXML) -> DomainFacts {
        try read(MarkupReader.read(xml, root: "domain"))
    }

    /// `ask` gives the image under another where the XML does not: see `BackingChain`.
    static func read(
        _ root: MarkupElement, asking ask: (Disk.Source) -> BackingLayer? = { _ in nil }
    ) throws(MalformedXML) -> DomainFacts {
        guard let name = root.first("name")?.text, !name.isEmpty else {
            throw MalformedXML("a domain without a name")
        }
        guard let uuid = root.first("uuid")?.trimmedText.lowercased(), isUUID(uuid) else {
            throw MalformedXML("domain '\(name)' has no UUID")
        }
        guard let memory = try root.first("memory")?.memory() else {
            throw MalformedXML("domain '\(name)' has no <memory>")
        }
        var facts = DomainFacts(id: DomainID(uuid), name: name, memory: memory)
        facts.vcpus = try vcpus(of: root)
        facts.balloon = try root.first("currentMemory")?.memory()
        facts.hugePages = try hugePages(of: root, memory: memory)
        facts.numa = try numaBinding(of: root)
        facts.videoMemory = try videoMemory(of: root)
        facts.guest = platform(of: root)
        facts.disks = disks(of: root, asking: ask)
        facts.secrets = secrets(of: root)
        facts.interfaces = interfaces(of: root)
        facts.blockers = blockers(of: root, name: name)
        try blockHugePages(of: root, into: &facts)
        facts.coldBlockers = coldBlockers(of: root, name: name)
        facts.cautions = try cautions(of: root, memory: memory) + tuningCautions(root)
        facts.consolePorts = consolePorts(of: root)
        facts.pinnedCPUs = try pinnedCPUs(of: root)
        facts.manager = GuestManagers.manager(of: root, name: name)
        readMetadata(of: root, into: &facts)
        return facts
    }

    static func isUUID(_ text: String) -> Bool {
        let groups = text.split(separator: "-", omittingEmptySubsequences: false)
        return groups.map(\.count) == [8, 4, 4, 4, 12]
            && groups.joined().allSatisfy { $0.isASCII && $0.isHexDigit }
    }

    /// Those that are plugged in; the rest may be added later and are not used now.
    private static func vcpus(of root: MarkupElement) throws(MalformedXML) -> Int {
        guard let element = root.first("vcpu") else { return 1 }
        return try element.wholeNumber(
            element.attribute("current") ?? element.trimmedText, in: 1...NumberList.highest)
    }

    private static func platform(of root: MarkupElement) -> GuestPlatform {
        let type = root.first("os", "type")
        let cpu = root.first("cpu")
        let features = (cpu?.all("feature") ?? []).filter {
            ["require", "force"].contains($0.attributes["policy"] ?? "require")
        }
        let model = cpu?.first("model")?.trimmedText
        var guest = GuestPlatform(
            virtualization: root.attribute("type") ?? "unknown",
            architecture: type?.attribute("arch") ?? "unknown",
            machineType: type?.attribute("machine"),
            cpu: GuestCPU(
                // A model without a mode is how libvirt writes `custom`.
                mode: cpu?.attribute("mode") ?? (model == nil ? nil : "custom"), model: model,
                requiredFeatures: features.compactMap { $0.attribute("name") }.sorted()))
        guest.emulator = root.first("devices", "emulator")?.trimmedText
        let offered = offered(of: root)
        guest.devices = offered.isEmpty ? nil : offered
        guest.tscHertz = root.first("clock")?.all("timer")
            .first { $0.attributes["name"] == "tsc" }?.attribute("frequency").flatMap { Int64($0) }
        return guest
    }

    private static func readMetadata(of root: MarkupElement, into facts: inout DomainFacts) {
        let all = root.first("metadata")?.children ?? []
        for entry in all where entry.name == "domain" && entry.namespace == namespace {
            for child in entry.children where child.namespace == namespace {
                facts.cautions += wrongAttributes(of: child)
                switch child.name {
                case "affinity": facts.affinityGroups += group(child)
                case "anti-affinity": facts.antiAffinityGroups += group(child)
                case "pinned": facts.isPinned = true
                case "excluded": facts.isExcluded = true
                case "unmovable":
                    facts.unmovable = child.attribute("action").flatMap {
                        UnmovableAction(rawValue: $0)
                    }
                default:
                    facts.cautions.append(
                        "its metadata has a <\(child.name)> that kvmbalance does not know: "
                            + "it is not observed")
                }
            }
        }
        facts.affinityGroups = Set(facts.affinityGroups).sorted()
        facts.antiAffinityGroups = Set(facts.antiAffinityGroups).sorted()
    }

    /// The namespace of kvmbalance's own elements in `<metadata>`.
    static let namespace = "https://kvmbalance.dev/xmlns/domain/1"

    /// Attributes that mean nothing here: what was meant by them does not hold, and whoever wrote
    /// them should know.
    private static func wrongAttributes(of element: MarkupElement) -> [String] {
        let known: Set<String>
        switch element.name {
        case "affinity", "anti-affinity": known = ["group"]
        case "pinned", "excluded": known = []
        case "unmovable": known = ["action"]
        default: return []  // The element as a whole is not known.
        }
        let odd = Set(element.attributes.keys).subtracting(known).sorted().map {
            "its metadata has <\(element.name) \($0)=…>, an attribute that kvmbalance does not "
                + "know: it is not observed"
        }
        if element.name == "unmovable" { return odd + wrongAction(of: element) }
        guard known.contains("group"), element.attribute("group") == nil else { return odd }
        return odd + [
            "its metadata has an <\(element.name)> without group=…: it is not observed"
        ]
    }

    private static func wrongAction(of element: MarkupElement) -> [String] {
        let action = element.attribute("action") ?? ""
        guard UnmovableAction(rawValue: action) == nil else { return [] }
        let known = UnmovableAction.allCases.map(\.rawValue).joined(separator: ", ")
        return [
            "its metadata has <unmovable action='\(action)'>, which is none of \(known): it is "
                + "not observed"
        ]
    }

    private static func group(_ element: MarkupElement) -> [String] {
        element.attribute("group").map { [$0] } ?? []
    }
}
