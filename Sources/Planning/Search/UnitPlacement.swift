import PlacementPolicy

/// Places whole units on a working placement, and knows which units may move at all.
struct UnitPlacement {
    var placement: WorkingPlacement
    let units: MoveUnits
    let compatibility: Compatibility
    /// May this unit change its host?
    let isMovable: [Bool]
    /// Units that may end anywhere but where they are, although others may come there.
    var mustLeave: Set<Int> = []

    var problem: PlacementProblem { placement.problem }

    func host(of unit: Int) -> Int { placement.host[units.first[unit]] }
    func origin(of unit: Int) -> Int { problem.origin[units.first[unit]] }

    func allows(_ unit: Int, on target: Int) -> Bool {
        let source = origin(of: unit)
        if source == target { return !mustLeave.contains(unit) }
        let only = units.only[unit]
        if only >= 0 { return compatibility.allows(only, from: source, to: target) }
        return units.members[unit].allSatisfy {
            compatibility.allows($0, from: source, to: target)
        }
    }

    /// nil where a unit is of no kind with others.
    func kind(of unit: Int) -> Compatibility.SourceKind? {
        let only = units.only[unit]
        return only < 0 ? nil : compatibility.sourceKind(of: only, from: origin(of: unit))
    }

    /// What these units need of a resource, and what these hosts have left of it, both in sum.
    func sums(
        of resource: Int, neededBy pending: [Int], on targets: [Int]
    ) -> (needed: Int64, free: Int64) {
        let problem = problem
        let needed = pending.reduce(Int64(0)) { sum, unit in
            units.members[unit].reduce(sum) { $0 + problem.load(of: $1, resource) }
        }
        let free = targets.reduce(Int64(0)) { sum, host in
            let index = host * problem.width + resource
            return sum + max(0, problem.limit[index] - placement.load[index])
        }
        return (needed, free)
    }

    mutating func remove(_ unit: Int) {
        for domain in units.members[unit] { placement.remove(domain) }
    }

    mutating func place(_ unit: Int, on target: Int) {
        for domain in units.members[unit] { placement.place(domain, on: target) }
    }

    /// Places the unit when that breaks nothing; leaves everything as it was when it would.
    mutating func placeIfItFits(_ unit: Int, on target: Int) -> Bool {
        for (position, domain) in units.members[unit].enumerated() {
            guard placement.fits(domain, on: target) else {
                for placed in units.members[unit].prefix(position) { placement.remove(placed) }
                return false
            }
            placement.place(domain, on: target)
        }
        return true
    }

    mutating func fits(_ unit: Int, on target: Int) -> Bool {
        let only = units.only[unit]
        if only >= 0 { return placement.fits(only, on: target) }
        guard placeIfItFits(unit, on: target) else { return false }
        remove(unit)
        return true
    }

    /// Fullness of the target once the unit is there.
    func share(of target: Int, adding unit: Int) -> Int64 {
        let only = units.only[unit]
        if only >= 0 { return placement.share(of: target, adding: only) }
        return share(of: target, adding: unit, 0...problem.layout.slots)
    }

    /// The same, of these resources only.
    func share(of target: Int, adding unit: Int, _ resources: some Sequence<Int>) -> Int64 {
        let members = units.members[unit]
        var worst: Int64 = 0
        for resource in resources {
            let index = target * problem.width + resource
            let added = members.reduce(Int64(0)) { $0 + problem.load(of: $1, resource) }
            worst = max(
                worst,
                WorkingPlacement.share(
                    placement.load[index] + added, of: problem.capacity[index]))
        }
        return worst
    }

    /// Is the target second choice although it has room? It is when it would be filled above the
    /// policy's limit of balance, a domain's memory would lie in several of its NUMA cells, or its
    /// QEMU or libvirt is older than that of the domain's host.
    func isSecondChoice(_ target: Int, for unit: Int, share: Int64) -> Bool {
        share > problem.policy.balance.memoryLimit
            || units.members[unit].contains {
                problem.isSplit($0, on: target)
                    || problem.isOlder(target, than: problem.origin[$0])
            }
    }

    /// What a unit that was just placed breaks, if anything.
    func violation(of unit: Int) -> WorkingPlacement.Violation? {
        let target = host(of: unit)
        if let resource = placement.overflow(at: target) { return .overflow(resource: resource) }
        for domain in units.members[unit] {
            if let group = placement.brokenGroup(domain, at: target) { return .group(group) }
        }
        return nil
    }

    /// The units that could repair a violation by leaving, each once, smallest index first.
    func culprits(
        _ violation: WorkingPlacement.Violation, at target: Int, besides unit: Int
    ) -> [Int] {
        var culprits: [Int] = []
        func add(_ domain: Int) {
            let other = units.unit[domain]
            if other != unit, isMovable[other] { culprits.append(other) }
        }
        switch violation {
        case .overflow(let resource):
            for domain in placement.residents[target] where problem.load(of: domain, resource) > 0 {
                add(domain)
            }
        case .group(let index):
            let group = problem.groups[index]
            let item = problem.item(of: target, in: group.scope)
            for member in group.members where placement.host[member] != WorkingPlacement.nowhere {
                switch group.kind {
                case .apart:
                    if problem.item(of: placement.host[member], in: group.scope) == item {
                        add(member)
                    }
                case .together: add(member)
                }
            }
        }
        culprits.sort()
        var last = -1
        culprits.removeAll { culprit in
            defer { last = culprit }
            return culprit == last
        }
        return culprits
    }
}
