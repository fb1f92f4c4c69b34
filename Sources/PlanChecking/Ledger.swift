import ClusterModel
import PlacementPolicy

/// How much of each account there is, how much is in use at the start, and what a domain takes.
struct Ledger {
    private let it: CheckedCase
    /// Sets of cells that some domain is strictly bound to.
    private let cellSets: [Set<Int>]
    /// Groups that keep a domain apart from others, by their numbers in the case.
    private let groupsOf: [DomainID: [Int]]
    private let activeOn: [HostName: [Domain]]
    /// What the plan copies of each domain, by pool: it is on the source until it is on the target.
    private let copied: [DomainID: [String: Int64]]
    /// What is in use at the start on the hosts that the plan touches.
    private var inUse: [Account: Int64] = [:]
    /// The same of places in groups, at all hosts: a zone has hosts that the plan does not touch.
    private var seated: [Account: Set<DomainID>] = [:]

    init(_ it: CheckedCase) {
        self.it = it
        var sets: [Set<Int>] = []
        for domain in it.active {
            if let cells = Self.cells(of: domain), !sets.contains(cells) { sets.append(cells) }
        }
        cellSets = sets
        copied = CheckedModes.copied(it)
        activeOn = Dictionary(grouping: it.active, by: \.host)
        let off = it.domains.values.filter { !$0.facts.state.isActive }
        var present = Dictionary(
            grouping: it.active + off.sorted { $0.id < $1.id }, by: \.host)
        for migration in it.snapshot.inFlight {
            // A migration under way counts on both of its hosts, for how long nobody knows.
            guard let target = migration.target, let domain = it.domains[migration.domain],
                target != domain.host
            else { continue }
            present[target, default: []].append(domain)
        }
        var groupsOf: [DomainID: [Int]] = [:]
        for (number, group) in it.groups.enumerated() where group.isApart {
            for member in group.members { groupsOf[member, default: []].append(number) }
        }
        self.groupsOf = groupsOf
        for (host, domains) in present {
            for domain in domains {
                for number in groupsOf[domain.id] ?? [] {
                    seated[seat(number, on: host), default: []].insert(domain.id)
                }
            }
        }
        for host in Set(it.plan.steps.flatMap { [$0.move.source, $0.move.target] }) {
            for domain in present[host] ?? [] {
                inUse.merge(taken(by: domain, on: host), uniquingKeysWith: +)
            }
        }
    }

    /// What a domain takes while it is on a host.
    func taken(by domain: Domain, on host: HostName) -> [Account: Int64] {
        var taken: [Account: Int64] = [:]
        for (pool, bytes) in copied[domain.id] ?? [:] { taken[.room(host, pool: pool)] = bytes }
        guard domain.facts.state.isActive else { return taken }
        let memory = it.policy.memoryDemand(of: domain.facts).count
        taken[.memory(host)] = memory
        let cpu = it.policy.cpuDemand(of: domain, slots: max(1, it.snapshot.demandSlots))
        for (slot, demand) in cpu.enumerated() { taken[.cpu(host, slot: slot)] = demand.count }
        if it.policy.maxDomainsPerHost != nil { taken[.domains(host)] = 1 }
        let bound = Self.cells(of: domain)
        let within = cellSets.filter { bound?.isSubset(of: $0) ?? false }
        if let pages = domain.facts.hugePages {
            taken[.pages(host, size: pages.pageSize)] = pages.pages
            for cells in within {
                taken[.pagesInCells(host, size: pages.pageSize, cells: cells)] = pages.pages
            }
        } else {
            for cells in within { taken[.memoryOfCells(host, cells: cells)] = memory }
        }
        for number in groupsOf[domain.id] ?? [] { taken[seat(number, on: host)] = 1 }
        return taken
    }

    private func seat(_ number: Int, on host: HostName) -> Account {
        let group = it.groups[number]
        return .members(group: number, name: group.name, item: it.item(host, group.scope))
    }

    /// In use at the start, on a host that the plan touches.
    func used(_ account: Account) -> Int64 {
        switch account {
        case .memory, .cpu, .domains, .pages, .pagesInCells, .memoryOfCells, .room:
            return inUse[account] ?? 0
        case .members: return Int64(seated[account]?.count ?? 0)
        }
    }

    /// What must not be exceeded: what there is, or what was in use at the start where that is
    /// more.
    func limit(_ account: Account) -> Int64 {
        if case .cpu = account, !it.keepsWithinCPUs { return Int64.max }
        return max(capacity(account), used(account))
    }

    /// What there is, whatever is in use.
    func capacity(_ account: Account) -> Int64 {
        switch account {
        case .memory(let name):
            return it.hosts[name].map { it.policy.usableMemory(of: $0).count } ?? 0
        case .cpu(let name, _): return it.hosts[name].map { it.policy.usableCPU(of: $0).count } ?? 0
        case .domains: return Int64(it.policy.maxDomainsPerHost ?? Int.max)
        case .pages(let name, let size): return pages(name, size, in: nil, account)
        case .pagesInCells(let name, let size, let cells):
            return pages(name, size, in: cells, account)
        case .memoryOfCells(let name, let cells):
            let own = it.hosts[name]?.facts?.cells.filter { cells.contains($0.id) } ?? []
            return own.reduce(0) { sum, cell in
                let huge = cell.hugePages.filter(\.isHuge)
                return sum + cell.memory.count
                    - huge.reduce(0) { $0 + $1.total * $1.pageSize.count }
            }
        case .room(let name, let pool):
            // What is there already, and what is left; only where somebody wants to go.
            let own = it.hosts[name]?.facts?.pools.first { $0.name == pool && $0.identity == nil }
            guard let own else { return 0 }
            return (inUse[account] ?? 0) + own.room.count
        case .members: return 1
        }
    }

    /// Free pages and those that the host's own domains hold; never more than there are.
    private func pages(
        _ name: HostName, _ size: Bytes, in cells: Set<Int>?, _ account: Account
    ) -> Int64 {
        let own = it.hosts[name]?.facts?.cells.filter { cells?.contains($0.id) ?? true } ?? []
        let pools = own.flatMap(\.hugePages).filter { $0.pageSize == size }
        let held = (activeOn[name] ?? []).reduce(Int64(0)) {
            $0 + (taken(by: $1, on: name)[account] ?? 0)
        }
        return min(
            pools.reduce(0) { $0 + $1.total }, held + pools.reduce(0) { $0 + $1.free })
    }

    private static func cells(of domain: Domain) -> Set<Int>? {
        guard let numa = domain.facts.numa, numa.isStrict, !numa.cells.isEmpty else { return nil }
        return Set(numa.cells)
    }
}
