import ClusterModel

extension DomainXMLReader {
    /// Demand for huge pages. Where only some of the guest's cells are backed by them, only their
    /// memory counts. Of several sizes the one with the most memory is counted: see
    /// `blockHugePages`.
    static func hugePages(
        of root: MarkupElement, memory: Bytes
    ) throws(MalformedXML) -> HugePageDemand? {
        guard root.first("memoryBacking")?.has("hugepages") == true else { return nil }
        // Until its host says what its default is: see `DomainFacts.settleHugePages`.
        if usesDefaultPages(root) { return try demand(for: memory, pageSize: .mebibytes(2)) }
        let sizes = try pageSizes(of: root, memory: memory)
        let largest = sizes.max { ($0.value, $0.key) < ($1.value, $1.key) }
        guard let largest else { return nil }
        return try demand(for: largest.value, pageSize: largest.key)
    }

    /// Without a size, the host that the guest is on decides; without a nodeset it is all memory.
    static func usesDefaultPages(_ root: MarkupElement) -> Bool {
        root.first("memoryBacking", "hugepages")?.all("page").isEmpty == true
    }

    /// Memory of the guest that is in pages of each size.
    static func pageSizes(
        of root: MarkupElement, memory: Bytes
    ) throws(MalformedXML) -> [Bytes: Bytes] {
        let cells = try guestCells(of: root)
        var sizes: [Bytes: Bytes] = [:]
        for page in root.first("memoryBacking", "hugepages")?.all("page") ?? [] {
            let size = try page.memory(
                page.attributes["size"] ?? "", unit: page.attribute("unit"))
            guard size > .zero else { throw MalformedXML("<page>: a size of 0") }
            var backed = memory
            if let nodeset = page.attribute("nodeset"), !cells.isEmpty {
                let numbers = Set(try NumberList.numbers(nodeset))
                backed = Plausible.sum(cells.filter { numbers.contains($0.key) }.map(\.value))
            }
            guard backed > .zero else { continue }
            sizes[size] = Plausible.sum([sizes[size] ?? .zero, backed])
        }
        return sizes
    }

    /// Pages of several sizes are not counted one by one, and a host that lacks one of them would
    /// not start the guest.
    static func blockHugePages(
        of root: MarkupElement, into facts: inout DomainFacts
    ) throws(MalformedXML) {
        facts.usesDefaultPages = usesDefaultPages(root) ? true : nil
        let sizes = try pageSizes(of: root, memory: facts.memory).keys.sorted()
        guard sizes.count > 1 else { return }
        facts.blockers.append(
            Blocker(
                domain: facts.name, reason: .hugePages,
                detail: "its memory is in huge pages of "
                    + sizes.map(\.description).joined(separator: " and ")
                    + ", and room for several sizes is not counted",
                remedy: "give all its cells pages of one size at its next start"))
    }

    private static func demand(
        for memory: Bytes, pageSize: Bytes
    ) throws(MalformedXML) -> HugePageDemand {
        let demand = HugePageDemand(
            pageSize: pageSize, pages: (memory.count + pageSize.count - 1) / pageSize.count)
        guard demand.isSound else {
            throw MalformedXML("<page>: \(demand.pages) pages of \(pageSize) for \(memory)")
        }
        return demand
    }

    /// Memory of each of the guest's own cells.
    private static func guestCells(of root: MarkupElement) throws(MalformedXML) -> [Int: Bytes] {
        var cells: [Int: Bytes] = [:]
        for (index, cell) in (root.first("cpu", "numa")?.all("cell") ?? []).enumerated() {
            let id = try cell.attribute("id").map { text throws(MalformedXML) in
                try cell.wholeNumber(text, in: 0...NumberList.highest)
            }
            cells[id ?? index] = try cell.memory(
                cell.attributes["memory"] ?? "", unit: cell.attribute("unit"))
        }
        // A thousand absurd cells must not overflow a sum.
        guard cells.count <= 1024 else { throw MalformedXML("\(cells.count) guest cells") }
        return cells
    }

    /// Of all its video cards. libvirt counts each part in KiB; QXL has three.
    static func videoMemory(of root: MarkupElement) throws(MalformedXML) -> Bytes? {
        var sizes: [Bytes] = []
        for video in root.first("devices")?.all("video") ?? [] {
            for part in ["vram", "ram", "vram64", "vgamem"] {
                guard let model = video.first("model"), let size = model.attribute(part) else {
                    continue
                }
                sizes.append(try model.memory(size, unit: nil))
            }
        }
        return sizes.isEmpty ? nil : Plausible.sum(sizes)
    }

    /// The host cells that the memory is bound to: those of `<memory>` and of every `<memnode>`.
    /// Strict when any part is: a start on a host without the cell then fails.
    static func numaBinding(of root: MarkupElement) throws(MalformedXML) -> NUMABinding? {
        guard let numatune = root.first("numatune") else { return nil }
        var cells: Set<Int> = []
        var isStrict = false
        for entry in numatune.all("memory") + numatune.all("memnode") {
            guard let nodeset = entry.attribute("nodeset") else { continue }
            cells.formUnion(try NumberList.numbers(nodeset))
            // `restrictive` confines by cgroup: it binds as hard. libvirt's default is strict.
            isStrict =
                isStrict
                || ["strict", "restrictive"].contains(
                    entry.attribute("mode") ?? "strict")
        }
        return cells.isEmpty ? nil : NUMABinding(isStrict: isStrict, cells: cells.sorted())
    }
}
