import ClusterModel

/// Reads a host's capabilities XML (`virConnectGetCapabilities`).
enum CapabilitiesXMLReader {
    /// What the capabilities tell of a host.
    struct Capabilities: Hashable, Sendable {
        var uuid: String
        var cpu: HostCPU
        var cells: [NUMACell]
        var guestSupport: [GuestSupport]
        var securityModel: String?
        /// User and group of QEMU, `64055:108`.
        var qemuOwner: String?
        /// Page sizes that the CPU knows, smallest first: the first is the ordinary one.
        var pageSizes: [Bytes]
    }

    static func read(_ xml: String) throws(MalformedXML) -> Capabilities {
        let root = try MarkupReader.read(xml, root: "capabilities")
        guard let host = root.first("host") else {
            throw MalformedXML("capabilities without a <host>")
        }
        let guests = guestSupport(of: root)
        let pages = try pageSizes(of: host)
        return Capabilities(
            uuid: host.first("uuid")?.trimmedText ?? "", cpu: cpu(of: host, guests: guests),
            cells: try cells(of: host, ordinaryPage: pages.first), guestSupport: guests,
            securityModel: securityModel(of: host), qemuOwner: qemuOwner(of: host),
            pageSizes: pages)
    }

    /// Of the host, as libvirt knows it.
    static func uuid(_ xml: String) throws(MalformedXML) -> String {
        try MarkupReader.read(xml, root: "capabilities").first("host", "uuid")?.trimmedText ?? ""
    }

    private static func cpu(of host: MarkupElement, guests: [GuestSupport]) -> HostCPU {
        let cpu = host.first("cpu")
        let features = (cpu?.all("feature") ?? []).compactMap { $0.attribute("name") }.sorted()
        let vendor = cpu?.first("vendor")?.trimmedText
        var read = HostCPU(
            architecture: cpu?.first("arch")?.trimmedText ?? "unknown",
            model: cpu?.first("model")?.trimmedText, vendor: vendor,
            microcode: cpu?.first("microcode")?.attribute("version"), features: features,
            logicalCPUs: 0, hasVirtualization: hasVirtualization(features, vendor: vendor))
        let counter = cpu?.all("counter").first { $0.attributes["name"] == "tsc" }
        read.tscHertz = counter?.attribute("frequency").flatMap { Int64($0) }
        read.scalesTSC = counter?.attribute("scaling").map { $0 == "yes" }
        return read
    }

    /// vmx is never part of libvirt's CPU models, so an Intel host that does not list it has none
    /// (the usual case inside a virtual machine). svm is part of some AMD models: unknown.
    private static func hasVirtualization(_ features: [String], vendor: String?) -> Bool? {
        if features.contains("vmx") || features.contains("svm") { return true }
        return vendor == "Intel" ? false : nil
    }

    private static func pageSizes(of host: MarkupElement) throws(MalformedXML) -> [Bytes] {
        var sizes: [Bytes] = []
        for pages in host.first("cpu")?.all("pages") ?? [] {
            guard let size = pages.attribute("size") else { continue }
            sizes.append(try pages.memory(size, unit: pages.attribute("unit")))
        }
        return sizes.sorted()
    }

    private static func cells(
        of host: MarkupElement, ordinaryPage: Bytes?
    ) throws(MalformedXML) -> [NUMACell] {
        var cells: [NUMACell] = []
        for cell in host.first("topology", "cells")?.all("cell") ?? [] {
            let id = try cell.wholeNumber(cell.attributes["id"] ?? "", in: 0...NumberList.highest)
            var cpus: [Int] = []
            for cpu in cell.first("cpus")?.all("cpu") ?? [] {
                cpus.append(
                    try cpu.wholeNumber(cpu.attributes["id"] ?? "", in: 0...NumberList.highest))
            }
            cells.append(
                NUMACell(
                    id: id, memory: try cell.first("memory")?.memory() ?? .zero,
                    cpus: cpus.sorted(),
                    hugePages: try hugePages(of: cell, ordinaryPage: ordinaryPage)))
        }
        return cells.sorted { $0.id < $1.id }
    }

    /// Free pages are asked for separately; until then all count as free.
    private static func hugePages(
        of cell: MarkupElement, ordinaryPage: Bytes?
    ) throws(MalformedXML) -> [HugePagePool] {
        var pools: [HugePagePool] = []
        for pages in cell.all("pages") {
            let size = try pages.memory(
                pages.attributes["size"] ?? "", unit: pages.attribute("unit"))
            guard size > (ordinaryPage ?? .kibibytes(4)) else { continue }
            guard let count = Int64(pages.trimmedText), count >= 0, count < 1 << 40 else {
                throw MalformedXML("<pages>: '\(pages.trimmedText.prefix(40))' is no count")
            }
            guard HugePageDemand(pageSize: size, pages: count).isSound else {
                throw MalformedXML(
                    "<pages>: \(count) pages of \(size) are more than \(Plausible.memory)")
            }
            pools.append(HugePagePool(pageSize: size, total: count, free: count))
        }
        return pools.sorted { $0.pageSize < $1.pageSize }
    }

    private static func guestSupport(of root: MarkupElement) -> [GuestSupport] {
        var support: [GuestSupport] = []
        for guest in root.all("guest") where guest.first("os_type")?.trimmedText == "hvm" {
            for arch in guest.all("arch") {
                support += arch.all("domain").compactMap { domain in
                    entry(for: domain, of: arch)
                }
            }
        }
        return support.sorted {
            ($0.virtualization, $0.architecture, $0.emulator)
                < ($1.virtualization, $1.architecture, $1.emulator)
        }
    }

    /// A domain type may have its own emulator and machine types; otherwise it has its
    /// architecture's.
    private static func entry(
        for domain: MarkupElement, of arch: MarkupElement
    ) -> GuestSupport? {
        guard let type = domain.attribute("type"), let name = arch.attribute("name") else {
            return nil
        }
        let machines = domain.has("machine") ? domain.all("machine") : arch.all("machine")
        let names = machines.flatMap { machine in
            [machine.trimmedText, machine.attribute("canonical") ?? ""]
        }
        let emulator = domain.first("emulator") ?? arch.first("emulator")
        return GuestSupport(
            virtualization: type, architecture: name, emulator: emulator?.trimmedText ?? "",
            machineTypes: Set(names.filter { !$0.isEmpty }).sorted())
    }

    /// `dac` is file ownership and always there: it says nothing about confinement.
    private static func securityModel(of host: MarkupElement) -> String? {
        for entry in host.all("secmodel") {
            guard let model = entry.first("model")?.trimmedText, !["dac", "none"].contains(model)
            else { continue }
            return "\(model)/\(entry.first("doi")?.trimmedText ?? "")"
        }
        return nil
    }

    /// The base label of `dac`, `+64055:+108`: the same for all kinds of guests.
    private static func qemuOwner(of host: MarkupElement) -> String? {
        let model = host.all("secmodel").first { $0.first("model")?.trimmedText == "dac" }
        let label = model?.first("baselabel")?.trimmedText.filter { $0 != "+" }
        return label.flatMap { $0.isEmpty ? nil : $0 }
    }
}
