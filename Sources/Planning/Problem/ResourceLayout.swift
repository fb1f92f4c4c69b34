import ClusterModel
import PlacementPolicy

/// Which resources there are in a problem, in the order of their dense index: memory, the CPU
/// slots, then only what some domain or the policy asks for.
///
/// Sets of cells: a domain strictly bound to cells A also needs room in every larger set B that
/// some other domain is bound to. Demand on each such set within the set's memory is Hall's
/// condition, which is enough where the sets are nested or disjoint, as they are in practice.
struct ResourceLayout {
    let resources: [Resource]
    let slots: Int
    private let domainCountIndex: Int?
    private let setsFrom: Int
    /// What each domain would have to copy, by pool; empty where nothing is copied.
    private let copied: [[String: Int64]]

    var count: Int { resources.count }
    static let memory = 0
    var cpu: Range<Int> { 1..<(1 + slots) }

    init(
        domains: [Domain], slots: Int, hasDomainLimit: Bool, copied: [[String: Int64]] = []
    ) {
        self.slots = slots
        self.copied = copied
        var resources: [Resource] = [.memory] + (0..<slots).map { .cpu(slot: $0) }
        domainCountIndex = hasDomainLimit ? resources.count : nil
        if hasDomainLimit { resources.append(.domainCount) }
        setsFrom = resources.count

        var pages: Set<Bytes> = []
        var boundPages: Set<PagesInCells> = []
        var boundCells: Set<[Int]> = []
        for domain in domains {
            let bound = domain.facts.strictCells
            if let demand = domain.facts.hugePages {
                pages.insert(demand.pageSize)
                if let bound {
                    boundPages.insert(PagesInCells(size: demand.pageSize, cells: bound))
                }
            } else if let bound {
                boundCells.insert(bound)
            }
        }
        // A set counts for both kinds of memory, whichever some domain is bound to it with: where a
        // part of it holds too much at the start, the whole says more than its parts.
        let sets = boundCells.union(boundPages.map(\.cells))
        let pagesInCells = Set(
            boundPages.flatMap { own in
                sets.filter { Set(own.cells).isSubset(of: $0) }.map {
                    PagesInCells(size: own.size, cells: $0)
                }
            })
        let cells = sets.filter { set in boundCells.contains { Set($0).isSubset(of: set) } }
        resources += pages.sorted().map { .hugePages(size: $0, cells: nil) }
        resources += pagesInCells.sorted().map { .hugePages(size: $0.size, cells: $0.cells) }
        resources += cells.sorted { $0.lexicographicallyPrecedes($1) }.map {
            .cellMemory(cells: $0)
        }
        resources += Set(copied.flatMap(\.keys)).sorted().map { .poolRoom(pool: $0) }
        self.resources = resources
    }

    /// Writes one domain's demand into its row.
    func writeDemand(
        of domain: Domain, at number: Int, under policy: Policy, into row: inout [Int64]
    ) {
        let facts = domain.facts
        for index in setsFrom..<count {
            guard case .poolRoom(let pool) = resources[index] else { continue }
            row[index] = copied.isEmpty ? 0 : copied[number][pool] ?? 0
        }
        guard facts.state.isActive else {
            // Only what it has on disk is anywhere.
            for index in 0..<count where !resources[index].isRoom { row[index] = 0 }
            return
        }
        row[Self.memory] = policy.memoryDemand(of: facts).count
        let cpu = policy.cpuDemand(of: domain, slots: slots)
        for slot in 0..<slots { row[1 + slot] = cpu[slot].count }
        if let domainCountIndex { row[domainCountIndex] = 1 }
        for index in setsFrom..<count where !resources[index].isRoom {
            row[index] = Self.demand(of: facts, for: resources[index], under: policy)
        }
    }

    private static func demand(
        of facts: DomainFacts, for resource: Resource, under policy: Policy
    ) -> Int64 {
        switch resource {
        case .memory, .cpu, .domainCount, .poolRoom: return 0
        case .hugePages(let size, let cells):
            guard let demand = facts.hugePages, demand.pageSize == size else { return 0 }
            guard let cells else { return demand.pages }
            guard let bound = facts.strictCells, Set(bound).isSubset(of: cells) else { return 0 }
            return demand.pages
        case .cellMemory(let cells):
            guard facts.hugePages == nil, let bound = facts.strictCells,
                Set(bound).isSubset(of: cells)
            else { return 0 }
            return policy.memoryDemand(of: facts).count
        }
    }

    /// Capacity of a host; `used` is what its own domains hold of it now, for pools whose total
    /// says nothing about who else took pages.
    func capacity(
        of host: Host, at index: Int, used: Int64, under policy: Policy
    ) -> Int64 {
        let cells = host.facts?.cells ?? []
        switch resources[index] {
        case .memory: return policy.usableMemory(of: host).count
        case .cpu: return policy.usableCPU(of: host).count
        case .domainCount: return Int64(policy.maxDomainsPerHost ?? Int.max)
        case .hugePages(let size, let wanted):
            let pools = cells.filter { wanted?.contains($0.id) ?? true }.flatMap(\.hugePages)
                .filter { $0.pageSize == size }
            let total = pools.reduce(0) { $0 + $1.total }
            return min(total, used + pools.reduce(0) { $0 + $1.free })
        case .cellMemory(let wanted):
            return cells.filter { wanted.contains($0.id) }.reduce(Int64(0)) { sum, cell in
                sum + cell.memory.count
                    - cell.hugePages.reduce(0) {
                        $0 + ($1.isHuge ? $1.total * $1.pageSize.count : 0)
                    }
            }
        case .poolRoom(let name):
            let pool = host.facts?.pools.first { $0.name == name && $0.identity == nil }
            return pool.map { used + $0.room.count } ?? used
        }
    }
}

/// Pages of one size in a set of cells.
private struct PagesInCells: Hashable, Comparable {
    var size: Bytes
    var cells: [Int]

    static func < (left: Self, right: Self) -> Bool {
        left.size != right.size
            ? left.size < right.size : left.cells.lexicographicallyPrecedes(right.cells)
    }
}

extension DomainFacts {
    /// Cells that its memory must come from, sorted; nil when it may come from anywhere.
    var strictCells: [Int]? {
        guard let numa, numa.isStrict, !numa.cells.isEmpty else { return nil }
        return numa.cells.sorted()
    }
}
