import ClusterModel

extension DomainXMLReader {
    /// Demand for huge pages. Where only some of the guest's cells are backed by them, only their
    /// memory counts; of several page sizes the one with the most memory.
    static func hugePages(
        of root: MarkupElement, memory: Bytes
    ) throws(MalformedXML) -> HugePageDemand? {
        guard let element = root.first("memoryBacking", "hugepages") else { return nil }
        let pages = element.all("page")
        // Without a size it is the host's default, which is 2 MiB unless its kernel was configured
        // otherwise; without a nodeset it is all memory.
        guard !pages.isEmpty else {
            return try demand(for: memory, pageSize: .mebibytes(2))
        }
        let cells = try guestCells(of: root)
        var largest: (size: Bytes, memory: Bytes)?
        for page in pages {
            let size = try page.memory(
                page.attributes["size"] ?? "", unit: page.attribute("unit"))
            guard size > .zero else { throw MalformedXML("<page>: a size of 0") }
            var backed = memory
            if let nodeset = page.attribute("nodeset"), !cells.isEmpty {
                let numbers = Set(try NumberList.numbers(nodeset))
                backed = cells.filter { numbers.contains($0.key) }
                    .reduce(.zero) { $0 + $1.value }
            }
            if backed > largest?.memory ?? .zero { largest = (size, backed) }
        }
        return try largest.map { largest throws(MalformedXML) in
            try demand(for: largest.memory, pageSize: largest.size)
        }
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
