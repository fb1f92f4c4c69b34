import ClusterModel

/// What stands against a drain: shortages by host, shortages in sum, and groups.
extension DrainSearch {
    /// Units that can't move after all, because one that stays behind shares a group with them.
    func heldBack(
        by left: [Int], among moving: [Int]
    ) -> [(unit: Int, blocker: Blocker)] {
        let problem = state.problem
        var held: [(unit: Int, blocker: Blocker)] = []
        for domain in left.flatMap({ state.units.members[$0] }) {
            guard let index = state.placement.brokenGroup(domain, at: problem.origin[domain])
            else { continue }
            let group = problem.groups[index]
            for unit in moving where !held.contains(where: { $0.unit == unit }) {
                guard let member = state.units.members[unit].first(where: group.members.contains)
                else { continue }
                held.append(
                    (
                        unit,
                        Blocker(
                            domain: problem.domains[member].name, reason: group.reason,
                            detail: "\(group.title) would be broken, because "
                                + "\(problem.domains[domain].name) cannot leave",
                            remedy:
                                "fix what keeps \(problem.domains[domain].name), or "
                                + group.wayOut
                        )
                    ))
            }
        }
        return held
    }

    func shortages(_ units: [Int]) -> [Blocker] {
        let left = Set(units.map { start.host(of: $0) })
        return units.flatMap { state.units.members[$0] }.sorted().map { domain in
            let own = start.problem.origin[domain]
            // Of several hosts that are emptied together none is an answer for another.
            let hosts = start.problem.hosts.indices.filter { host in
                host != own && confined[domain]?.contains(host) != false
                    && (start.compatibility.isOpen(host) || !left.contains(host))
            }
            return Shortage(state, targets: hosts).blocker(for: domain)
        }
    }

    /// Resources of which all targets together have too little: a proof that no assignment exists,
    /// since moving others between the targets frees nothing in sum.
    func totals(_ left: [Int]) -> [Blocker] {
        let place =
            targets.count == 1
            ? "\(state.problem.hosts[targets[0]].name)"
            : targets.count == 2 ? "both hosts together" : "all \(targets.count) hosts together"
        let isOfSeveral = Set(left.map { start.host(of: $0) }).count > 1
        return shortages(of: left).map { resource, needed, free in
            let what = state.problem.layout.resources[resource]
            return Blocker(
                reason: what.blockerReason,
                detail: "\(what.text(needed - free)) short on \(place): "
                    + "\(what.text(needed)) still to be placed, \(what.text(free)) free",
                remedy: "free or add \(what.text(needed - free))"
                    + (isOfSeveral ? ", or drain fewer hosts at once" : ""))
        }
    }

    private func shortages(
        of left: [Int]
    ) -> [(resource: Int, needed: Int64, free: Int64)] {
        (0..<state.problem.width).compactMap { resource in
            let (needed, free) = state.sums(of: resource, neededBy: left, on: targets)
            return needed > free ? (resource, needed, free) : nil
        }
    }
}
