import ClusterModel

/// A placement that is being worked on: dense, with apply and undo, never copied in a search.
struct WorkingPlacement {
    /// Why a domain may not be on a host.
    enum Violation: Hashable {
        /// Index of the resource that is exceeded.
        case overflow(resource: Int)
        /// Index of the group that is broken.
        case group(Int)
    }

    let problem: PlacementProblem
    /// Host of each domain; `nowhere` while it is taken out.
    private(set) var host: [Int]
    private(set) var load: [Int64]
    private(set) var residents: [[Int]]

    static let nowhere = -1

    init(_ problem: PlacementProblem) {
        self.problem = problem
        host = problem.origin
        load = problem.initialLoad
        residents = Array(repeating: [], count: problem.hosts.count)
        for domain in problem.domains.indices { residents[host[domain]].append(domain) }
    }

    mutating func place(_ domain: Int, on target: Int) {
        precondition(host[domain] == Self.nowhere, "domain \(domain) is placed already")
        host[domain] = target
        residents[target].append(domain)
        let width = problem.width
        for resource in 0..<width {
            load[target * width + resource] += problem.demand[domain * width + resource]
        }
    }

    mutating func remove(_ domain: Int) {
        let source = host[domain]
        precondition(source != Self.nowhere, "domain \(domain) is not placed")
        host[domain] = Self.nowhere
        if let position = residents[source].firstIndex(of: domain) {
            residents[source].swapAt(position, residents[source].count - 1)
            residents[source].removeLast()
        }
        let width = problem.width
        for resource in 0..<width {
            load[source * width + resource] -= problem.demand[domain * width + resource]
        }
    }

    /// The first resource that would be exceeded if the domain were added.
    func overflow(adding domain: Int, to target: Int) -> Int? {
        let width = problem.width
        for resource in 0..<width {
            let added = problem.demand[domain * width + resource]
            let index = target * width + resource
            if added > 0, load[index] + added > problem.limit[index] { return resource }
        }
        return nil
    }

    /// The first resource that is exceeded as it stands.
    func overflow(at target: Int) -> Int? {
        let base = target * problem.width
        return (0..<problem.width).first { load[base + $0] > problem.limit[base + $0] }
    }

    /// The first group that the domain's being on `target` breaks, whether it is there yet or not.
    func brokenGroup(_ domain: Int, at target: Int, isMoving: Bool = false) -> Int? {
        for index in problem.groupsOfDomain[domain] {
            let group = problem.groups[index]
            let item = problem.item(of: target, in: group.scope)
            switch group.kind {
            case .apart:
                let others = count(of: group, at: item, without: domain)
                if others > 0, others + 1 > problem.allowed(in: group, at: item) { return index }
            case .together:
                let most = group.initialSpread + group.excess
                if !isMoving, spread(of: group, with: item, for: domain) > most {
                    return index
                }
            }
        }
        return nil
    }

    func fits(_ domain: Int, on target: Int) -> Bool {
        overflow(adding: domain, to: target) == nil && brokenGroup(domain, at: target) == nil
    }

    /// Fullness of a host in hundredths of a percent: its fullest of memory and the CPU slots.
    func share(of target: Int, adding domain: Int? = nil) -> Int64 {
        let width = problem.width
        var worst: Int64 = 0
        for resource in 0...problem.layout.slots {
            let index = target * width + resource
            let added = domain.map { problem.demand[$0 * width + resource] } ?? 0
            worst = max(worst, Self.share(load[index] + added, of: problem.capacity[index]))
        }
        return worst
    }

    static func share(_ load: Int64, of capacity: Int64) -> Int64 {
        guard load > 0 else { return 0 }
        return capacity > 0
            ? load.multipliedReportingOverflow(by: 10_000).partialValue / capacity
            : 1_000_000
    }

    /// The largest load that is no more than a share, as shares are rounded down.
    static func most(_ share: Int64, of capacity: Int64) -> Int64 {
        capacity / 10_000 * (share + 1) + (capacity % 10_000 * (share + 1) + 9999) / 10_000 - 1
    }

    /// Members of a group at a host or zone, the given one left out.
    func count(of group: DomainGroup, at item: Int, without domain: Int) -> Int {
        var count = 0
        for member in group.members
        where member != domain && host[member] != Self.nowhere
            && problem.item(of: host[member], in: group.scope) == item
        { count += 1 }
        for (arriving, place) in problem.arriving
        where arriving != domain && problem.isSecondPlace(arriving, place, of: group, at: item) {
            count += 1
        }
        return count
    }

    private func spread(of group: DomainGroup, with item: Int, for domain: Int) -> Int {
        var items: Set<Int> = [item]
        for member in group.members where member != domain && host[member] != Self.nowhere {
            items.insert(problem.item(of: host[member], in: group.scope))
        }
        return items.count
    }
}
