/// Huge pages of a host after a domain has come or gone, as far as can be known: from the cells
/// that the domain is bound to, or from all of them in order.
extension HostFacts {
    mutating func take(for domain: DomainFacts) {
        changePools(of: domain) {
            min($0, $1.free)
        } apply: {
            $0.free -= $1
        }
    }

    mutating func give(back domain: DomainFacts) {
        changePools(of: domain) {
            min($0, $1.total - $1.free)
        } apply: {
            $0.free += $1
        }
    }

    private mutating func changePools(
        of domain: DomainFacts, share: (Int64, HugePagePool) -> Int64,
        apply: (inout HugePagePool, Int64) -> Void
    ) {
        guard let demand = domain.hugePages else { return }
        let bound = domain.numa.flatMap { $0.isStrict && !$0.cells.isEmpty ? $0.cells : nil }
        var left = demand.pages
        for cell in cells.indices where bound?.contains(cells[cell].id) ?? true {
            for pool in cells[cell].hugePages.indices
            where cells[cell].hugePages[pool].pageSize == demand.pageSize {
                let amount = max(0, share(left, cells[cell].hugePages[pool]))
                apply(&cells[cell].hugePages[pool], amount)
                left -= amount
            }
        }
    }
}

extension HostFacts {
    /// Sizes of the huge pages that are set aside here, the smallest first. libvirt does not say
    /// which of several is the default of its host.
    package var hugePageSizes: [Bytes] {
        let pools = cells.flatMap(\.hugePages).filter {
            $0.total > 0 && $0.pageSize > .kibibytes(64)
        }
        return Set(pools.map(\.pageSize)).sorted()
    }
}

extension DomainFacts {
    /// Puts the size that its host gives into a demand that names none; where nobody can say which
    /// that is, the domain stays where it is.
    package mutating func settleHugePages(on host: HostFacts) {
        guard state.isActive else {
            // It holds none, and its definition may go anywhere.
            blockers.removeAll { $0.reason == .hugePages }
            return
        }
        guard usesDefaultPages == true else { return }
        let sizes = host.hugePageSizes
        if sizes.count == 1, sizes[0] > .zero {
            let pages = (memory.count + sizes[0].count - 1) / sizes[0].count
            hugePages = HugePageDemand(pageSize: sizes[0], pages: pages)
            return
        }
        let found =
            sizes.isEmpty
            ? "none are set aside on its host"
            : "its host has pages of " + sizes.map(\.description).joined(separator: " and ")
        blockers.append(
            Blocker(
                domain: name, reason: .hugePages,
                detail: "it asks for huge pages without a size, and \(found): how much of which it "
                    + "takes is not known",
                remedy: "give the size in its definition (<page size='2048' unit='KiB'/> in "
                    + "<hugepages>), and restart the guest"))
    }
}
