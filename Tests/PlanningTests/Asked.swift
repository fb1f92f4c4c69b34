import ClusterModel
import PlacementPolicy

/// How much an assignment asks of each host and group: written once more, for the oracle.
struct Asked {
    private var asked: [String: Int64] = [:]
    private var limits: [String: Int64] = [:]

    init(_ snapshot: ClusterSnapshot, _ assignment: [HostName], _ policy: Policy) {
        let active = snapshot.domains.filter { $0.facts.state.isActive }
        for host in snapshot.hosts {
            limits["memory \(host.name)"] = policy.usableMemory(of: host).count
            limits["domains \(host.name)"] = Int64(policy.maxDomainsPerHost ?? 1000)
            for slot in 0..<snapshot.demandSlots {
                limits["cpu \(host.name) \(slot)"] = policy.usableCPU(of: host).count
            }
            let pages = host.facts?.cells.flatMap(\.hugePages) ?? []
            limits["pages \(host.name)"] = pages.reduce(0) { $0 + $1.total }
            limits["pages \(host.name) 0"] = pages.first?.total ?? 0
            let own = host.facts?.cells.map { $0.memory.count - 1024 * 2_097_152 } ?? []
            limits["cell \(host.name) 0"] = own.first ?? 0
            limits["cell \(host.name) 01"] = own.reduce(0, +)
        }
        for (domain, host) in zip(active, assignment) { add(domain, host, snapshot, policy) }
        addGroups(active, assignment, snapshot, policy)
    }

    private mutating func add(
        _ domain: Domain, _ host: HostName, _ snapshot: ClusterSnapshot, _ policy: Policy
    ) {
        let memory = policy.memoryDemand(of: domain.facts).count
        asked["memory \(host)", default: 0] += memory
        asked["domains \(host)", default: 0] += 1
        for (slot, cpu) in policy.cpuDemand(of: domain, slots: snapshot.demandSlots).enumerated() {
            asked["cpu \(host) \(slot)", default: 0] += cpu.count
        }
        let isBound = domain.facts.numa?.isStrict == true
        let isFirst = isBound && domain.facts.numa?.cells == [0]
        if let pages = domain.facts.hugePages?.pages {
            asked["pages \(host)", default: 0] += pages
            if isFirst { asked["pages \(host) 0", default: 0] += pages }
        } else if isBound {
            asked["cell \(host) 01", default: 0] += memory
            if isFirst { asked["cell \(host) 0", default: 0] += memory }
        }
    }

    private mutating func addGroups(
        _ active: [Domain], _ assignment: [HostName], _ snapshot: ClusterSnapshot, _ policy: Policy
    ) {
        let zone = { (host: HostName) -> String in
            snapshot.host(host)?.zone.map { "zone \($0)" } ?? "zone of \(host)"
        }
        var together: [String: Set<String>] = [:]
        for (domain, host) in zip(active, assignment) {
            for name in domain.facts.antiAffinityGroups {
                asked["apart \(name) \(host)", default: 0] += 1
                limits["apart \(name) \(host)"] = 1
            }
            for name in domain.facts.affinityGroups {
                together[name, default: []].insert("\(host)")
            }
            for group in policy.antiAffinity where group.domains.matches(domain.name) {
                asked["apart \(group.name) \(zone(host))", default: 0] += 1
                limits["apart \(group.name) \(zone(host))"] = 1
            }
            for group in policy.affinity where group.domains.matches(domain.name) {
                together[group.name, default: []].insert(zone(host))
            }
        }
        for (name, places) in together {
            asked["together \(name)"] = Int64(places.count)
            limits["together \(name)"] = 1
        }
    }

    /// Is anything but affinity broken?
    var isOverLimits: Bool {
        asked.contains { $0.value > limits[$0.key] ?? 0 && !$0.key.hasPrefix("together") }
    }

    func isWorse(than start: Asked) -> Bool {
        asked.contains { key, amount in
            amount > max(limits[key] ?? start.limits[key] ?? 0, start.asked[key] ?? 0)
        }
    }
}
