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
