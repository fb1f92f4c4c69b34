import ClusterModel
import PlacementPolicy
import Planning

/// Whether a small drain or move can be done, found by walking through all placements that
/// single moves can reach: any plan can be carried out one step after another, so this is exact,
/// order included.
///
/// A domain may step aside, but ends where it could have gone directly: a third host that opens the
/// way to a fourth (two hosts that share a UUID, say) is no way to drain.
///
/// Written a third time, after the planner and the judge, and as plainly as can be.
package struct DrainOracle {
    /// What the walk found.
    package enum Verdict: Hashable, Sendable {
        case feasible
        /// A placement would do, but no order of moves leads to it.
        case unordered
        case infeasible
    }

    private let problem: FuzzProblem
    private let drained: Set<HostName>
    /// Domains that are to end elsewhere than where they are.
    private let leaving: Set<DomainID>
    private let hosts: [Host]
    private let domains: [Domain]
    private let movable: [Int]
    /// Amounts that a domain takes, by account, for each domain and host.
    private var taken: [[[String: Int64]]] = []
    private var limits: [String: Int64] = [:]
    /// What domains that cannot move hold, second places of migrations under way included.
    private var fixed: [String: Int64] = [:]
    private var together: [(scope: PlacementGroup.Scope, members: [Int])] = []
    private let home: [Int]

    /// nil when the problem is no drain that asks for all, or has too many placements.
    package init?(_ problem: FuzzProblem, placementsAtMost: Int) {
        guard let drained = Self.drained(problem.request) else { return nil }
        let snapshot = problem.snapshot
        self.problem = problem
        self.drained = drained
        leaving = Self.leaving(problem, drained)
        hosts = snapshot.hosts
        let domains = snapshot.domains.filter { $0.facts.state.isActive }
        self.domains = domains
        guard Set(domains.map(\.id)).count == domains.count else { return nil }
        home = domains.map { domain in
            snapshot.hosts.firstIndex { $0.name == domain.host } ?? 0
        }
        movable = domains.indices.filter { Self.isMovable(domains[$0], problem) }
        var placements = 1
        for _ in movable where placements <= placementsAtMost { placements *= hosts.count }
        guard placements <= placementsAtMost else { return nil }
        fillAccounts()
    }

    package func verdict() -> Verdict {
        let isAwaited = problem.snapshot.inFlight.contains { migration in
            migration.target.map { drained.contains($0) } == true
        }
        if isAwaited { return .infeasible }
        // Nobody knows what runs there, so nobody can call it empty.
        let isSilent = problem.snapshot.hosts.contains {
            drained.contains($0.name) && !$0.isReachable
        }
        if isSilent { return .infeasible }
        // One that was named and does not run.
        guard leaving.isSubset(of: domains.map(\.id)) else { return .infeasible }
        if isGoal(home) { return .feasible }
        guard
            domains.indices.allSatisfy({
                movable.contains($0) || !leaving.contains(domains[$0].id)
            })
        else { return .infeasible }
        var seen: Set<[Int]> = [home]
        var open = [home]
        while let place = open.popLast() {
            if isGoal(place) { return .feasible }
            let load = load(place)
            for domain in movable {
                for target in hosts.indices where mayGo(domain, from: place[domain], to: target) {
                    let here = taken[domain][place[domain]]
                    let fits = taken[domain][target].allSatisfy { account, amount in
                        here[account] != nil
                            || (load[account] ?? 0) + amount <= limits[account] ?? 0
                    }
                    guard fits else { continue }
                    var next = place
                    next[domain] = target
                    if seen.insert(next).inserted { open.append(next) }
                }
            }
        }
        return existsUnordered(0, home) ? .unordered : .infeasible
    }

    private func mayGo(_ domain: Int, from source: Int, to target: Int) -> Bool {
        let wishes = problem.request.wishes
        let name = hosts[target].name
        // Who is to leave goes to no other host, not even on its way.
        let isConfined = !wishes.to.isEmpty && leaving.contains(domains[domain].id)
        return !drained.contains(name) && !wishes.notTo.contains(name)
            && (!isConfined || wishes.to.contains(name))
            && Self.mayGo(domains[domain], from: hosts[source], to: hosts[target], problem)
    }

    /// Is there a placement that breaks nothing, however it would be reached?
    private func existsUnordered(_ position: Int, _ place: [Int]) -> Bool {
        guard position < movable.count else {
            return isGoal(place) && load(place).allSatisfy { $0.value <= limits[$0.key] ?? 0 }
        }
        let domain = movable[position]
        return hosts.indices.contains { target in
            guard target == home[domain] || mayGo(domain, from: home[domain], to: target) else {
                return false
            }
            var next = place
            next[domain] = target
            return existsUnordered(position + 1, next)
        }
    }

    private func isGoal(_ place: [Int]) -> Bool {
        domains.indices.allSatisfy { domain in
            place[domain] == home[domain]
                ? !leaving.contains(domains[domain].id)
                : mayGo(domain, from: home[domain], to: place[domain])
        }
            && together.allSatisfy { spread($0, place) <= max(1, spread($0, home)) }
    }

    private func spread(
        _ group: (scope: PlacementGroup.Scope, members: [Int]), _ place: [Int]
    ) -> Int {
        Set(group.members.map { item(hosts[place[$0]], group.scope) }).count
    }

    private func load(_ place: [Int]) -> [String: Int64] {
        var load = fixed
        for domain in movable { load.merge(taken[domain][place[domain]], uniquingKeysWith: +) }
        return load
    }

    private func item(_ host: Host, _ scope: PlacementGroup.Scope) -> String {
        scope == .zone ? host.zone.map { "zone \($0)" } ?? "at \(host.name)" : "at \(host.name)"
    }

    // MARK: Amounts

    private mutating func fillAccounts() {
        let policy = problem.policy
        let sets = Set(domains.compactMap { Self.cells($0) })
        var apart: [(name: String, scope: PlacementGroup.Scope, members: [Int])] = []
        for name in Set(domains.flatMap(\.facts.antiAffinityGroups)).sorted() {
            let members = domains.indices.filter {
                domains[$0].facts.antiAffinityGroups.contains(name)
            }
            apart.append(("own \(name)", .host, members))
        }
        for name in Set(domains.flatMap(\.facts.affinityGroups)).sorted() {
            let members = domains.indices.filter { domains[$0].facts.affinityGroups.contains(name) }
            together.append((.host, members))
        }
        for group in policy.antiAffinity {
            let members = domains.indices.filter { group.domains.matches(domains[$0].name) }
            apart.append(("policy \(group.name)", group.scope, members))
        }
        for group in policy.affinity {
            let members = domains.indices.filter { group.domains.matches(domains[$0].name) }
            together.append((group.scope, members))
        }
        taken = domains.indices.map { index in
            hosts.map { host in
                var row = amounts(of: domains[index], at: host, sets)
                for group in apart where group.members.contains(index) {
                    row["\(group.name) \(item(host, group.scope))"] = 1
                }
                return row
            }
        }
        var start: [String: Int64] = [:]
        for index in domains.indices {
            var own = taken[index][home[index]]
            for host in hosts.indices
            where problem.snapshot.inFlight.contains(where: {
                $0.domain == domains[index].id && $0.target == hosts[host].name
            }) {
                own.merge(taken[index][host]) { one, _ in one }
            }
            start.merge(own, uniquingKeysWith: +)
            if !movable.contains(index) { fixed.merge(own, uniquingKeysWith: +) }
        }
        for host in hosts { limits.merge(capacity(of: host, sets)) { one, _ in one } }
        for row in taken.joined() {
            for account in row.keys where account.hasPrefix("own ") || account.hasPrefix("policy ")
            {
                limits[account] = 1
            }
        }
        for (account, amount) in start { limits[account] = max(limits[account] ?? 0, amount) }
    }

    private func amounts(
        of domain: Domain, at host: Host, _ sets: Set<Set<Int>>
    ) -> [String: Int64] {
        let policy = problem.policy
        var row = ["memory \(host.name)": policy.memoryDemand(of: domain.facts).count]
        row["domains \(host.name)"] = 1
        // CPUs forbid no drain.
        if let pages = domain.facts.hugePages { row["pages \(host.name)"] = pages.pages }
        for set in sets where Self.cells(domain)?.isSubset(of: set) == true {
            if let pages = domain.facts.hugePages {
                row["pages in \(set.sorted()) \(host.name)"] = pages.pages
            } else {
                row["cells \(set.sorted()) \(host.name)"] =
                    policy.memoryDemand(of: domain.facts).count
            }
        }
        return row.filter { $0.value > 0 }
    }

    private func capacity(of host: Host, _ sets: Set<Set<Int>>) -> [String: Int64] {
        let policy = problem.policy
        let cells = host.facts?.cells ?? []
        var row = ["memory \(host.name)": policy.usableMemory(of: host).count]
        row["domains \(host.name)"] = Int64(policy.maxDomainsPerHost ?? 1_000_000)
        let held = { (account: String) in
            domains.indices.filter { domains[$0].host == host.name }.reduce(Int64(0)) {
                $0 + (amounts(of: domains[$1], at: host, sets)[account] ?? 0)
            }
        }
        for set in sets.map(Optional.some) + [nil] {
            let own = cells.filter { set?.contains($0.id) ?? true }
            let pools = own.flatMap(\.hugePages)
            let total = pools.reduce(Int64(0)) { $0 + $1.total }
            let account = set.map { "pages in \($0.sorted()) \(host.name)" } ?? "pages \(host.name)"
            row[account] = min(total, held(account) + pools.reduce(0) { $0 + $1.free })
            if let set {
                row["cells \(set.sorted()) \(host.name)"] =
                    own.reduce(0) { $0 + $1.memory.count } - total * 2_097_152
            }
        }
        return row
    }

    private static func cells(_ domain: Domain) -> Set<Int>? {
        guard let numa = domain.facts.numa, numa.isStrict, !numa.cells.isEmpty else { return nil }
        return Set(numa.cells)
    }
}
