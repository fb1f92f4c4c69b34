import ClusterModel
import PlacementPolicy

/// How much of each resource there is, how much is in use at the start, and what a domain takes.
struct HostUsage {
    private let subject: CheckedCase
    /// Sets of cells that some domain is strictly bound to.
    private let cellSets: [Set<Int>]
    /// Groups that keep a domain apart from others, by their numbers in the case.
    private let groupsOf: [DomainID: [Int]]
    private let activeOn: [HostName: [Domain]]
    /// What the plan copies of each domain, by pool: it is on the source until it is on the target.
    private let copied: [DomainID: [String: Int64]]
    /// What is in use at the start on the hosts that the plan touches.
    private var inUse: [HostResource: Int64] = [:]
    /// The same of places in groups, at all hosts: a zone has hosts that the plan does not touch.
    private var seated: [HostResource: Set<DomainID>] = [:]

    init(_ subject: CheckedCase) {
        self.subject = subject
        var sets: [Set<Int>] = []
        for domain in subject.active {
            if let cells = Self.cells(of: domain), !sets.contains(cells) { sets.append(cells) }
        }
        cellSets = sets
        copied = CheckedModes.copied(subject)
        activeOn = Dictionary(grouping: subject.active, by: \.host)
        let off = subject.domains.values.filter { !$0.facts.state.isActive }
        var present = Dictionary(
            grouping: subject.active + off.sorted { $0.id < $1.id }, by: \.host)
        for migration in subject.snapshot.inFlight {
            // A migration under way counts on both of its hosts, for how long nobody knows.
            guard let target = migration.target, let domain = subject.domains[migration.domain],
                target != domain.host
            else { continue }
            present[target, default: []].append(domain)
        }
        var groupsOf: [DomainID: [Int]] = [:]
        for (number, group) in subject.groups.enumerated() where group.isApart {
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
        for host in Set(subject.plan.steps.flatMap { [$0.move.source, $0.move.target] }) {
            for domain in present[host] ?? [] {
                inUse.merge(taken(by: domain, on: host), uniquingKeysWith: +)
            }
        }
    }

    /// What a domain takes while it is on a host.
    func taken(by domain: Domain, on host: HostName) -> [HostResource: Int64] {
        var taken: [HostResource: Int64] = [:]
        for (pool, bytes) in copied[domain.id] ?? [:] { taken[.room(host, pool: pool)] = bytes }
        guard domain.facts.state.isActive else { return taken }
        let memory = subject.policy.memoryDemand(of: domain.facts).count
        taken[.memory(host)] = memory
        let cpu = subject.policy.cpuDemand(of: domain, slots: max(1, subject.snapshot.demandSlots))
        for (slot, demand) in cpu.enumerated() { taken[.cpu(host, slot: slot)] = demand.count }
        if subject.policy.maxDomainsPerHost != nil { taken[.domains(host)] = 1 }
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

    private func seat(_ number: Int, on host: HostName) -> HostResource {
        let group = subject.groups[number]
        return .members(group: number, name: group.name, item: subject.item(host, group.scope))
    }

    /// In use at the start, on a host that the plan touches.
    func used(_ resource: HostResource) -> Int64 {
        switch resource {
        case .memory, .cpu, .domains, .pages, .pagesInCells, .memoryOfCells, .room:
            return inUse[resource] ?? 0
        case .members: return Int64(seated[resource]?.count ?? 0)
        }
    }

    /// What must not be exceeded: what there is, or what was in use at the start where that is
    /// more.
    func limit(_ resource: HostResource) -> Int64 {
        if case .cpu = resource, !subject.keepsWithinCPUs { return Int64.max }
        return max(capacity(resource), used(resource))
    }

    /// What there is, whatever is in use.
    func capacity(_ resource: HostResource) -> Int64 {
        switch resource {
        case .memory(let name):
            return subject.hosts[name].map { subject.policy.usableMemory(of: $0).count } ?? 0
        case .cpu(let name, _):
            return subject.hosts[name].map { subject.policy.usableCPU(of: $0).count } ?? 0
        case .domains: return Int64(subject.policy.maxDomainsPerHost ?? Int.max)
        case .pages(let name, let size): return pages(name, size, in: nil, resource)
        case .pagesInCells(let name, let size, let cells):
            return pages(name, size, in: cells, resource)
        case .memoryOfCells(let name, let cells):
            let own = subject.hosts[name]?.facts?.cells.filter { cells.contains($0.id) } ?? []
            return own.reduce(0) { sum, cell in
                let huge = cell.hugePages.filter(\.isHuge)
                return sum + cell.memory.count
                    - huge.reduce(0) { $0 + $1.total * $1.pageSize.count }
            }
        case .room(let name, let pool):
            // What is there already, and what is left; only where somebody wants to go.
            let own = subject.hosts[name]?.facts?.pools.first {
                $0.name == pool && $0.identity == nil
            }
            guard let own else { return 0 }
            return (inUse[resource] ?? 0) + own.room.count
        case .members: return 1
        }
    }

    /// Free pages and those that the host's own domains hold; never more than there are.
    private func pages(
        _ name: HostName, _ size: Bytes, in cells: Set<Int>?, _ resource: HostResource
    ) -> Int64 {
        let own = subject.hosts[name]?.facts?.cells.filter { cells?.contains($0.id) ?? true } ?? []
        let pools = own.flatMap(\.hugePages).filter { $0.pageSize == size }
        let held = (activeOn[name] ?? []).reduce(Int64(0)) {
            $0 + (taken(by: $1, on: name)[resource] ?? 0)
        }
        return min(
            pools.reduce(0) { $0 + $1.total }, held + pools.reduce(0) { $0 + $1.free })
    }

    private static func cells(of domain: Domain) -> Set<Int>? {
        guard let numa = domain.facts.numa, numa.isStrict, !numa.cells.isEmpty else { return nil }
        return Set(numa.cells)
    }
}
