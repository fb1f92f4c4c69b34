package import ClusterModel
package import PlacementPolicy

/// A running domain that a request moves live if it can be met.
package struct LikelyMover: Hashable, Sendable {
    package var domain: DomainID
    package var host: HostName

    package init(domain: DomainID, host: HostName) {
        self.domain = domain
        self.host = host
    }
}

extension Planner {
    /// Whom a request moves, as far as that is known without a search: the domains on the hosts to
    /// be drained, and those that are named. In order of the snapshot.
    ///
    /// Left out are domains whose migration is over within `milliseconds` over the widest link from
    /// their host, and all of them where something plainly stands against the whole request. nil
    /// for a balance and a consolidation, where only the search tells. O(domains + hosts²).
    package static func likelyMovers(
        for request: PlanRequest, in seen: ClusterSnapshot, under policy: Policy,
        longerThan milliseconds: Int64
    ) -> [LikelyMover]? {
        guard let asked = AskedDomains(request) else { return nil }
        let snapshot = barred(seen, under: policy)
        let problem = PlacementProblem(snapshot, under: policy)
        let mobility = Mobility(problem, snapshot, request)
        let all = problem.domains.indices.filter { asked.has(problem.domains[$0]) }
        let movable = all.filter { mobility.isMovable($0) }
        guard asked.bestEffort || (movable.count == all.count && asked.fit(all, problem)) else {
            return []
        }
        var links = WidestLinks(snapshot, policy.migration)
        return movable.map { problem.domains[$0] }.filter { domain in
            guard domain.facts.state == .running, policy.coldMove(of: domain.facts) != .always,
                let link = links.link(from: domain.host)
            else { return false }
            // With the dirty rate that was sampled: a small guest that is busy may never end.
            let model = PrecopyModel(
                memory: links.memoryToSend(of: domain), dirtyRates: domain.knownDirtyRates,
                rate: link.first, widest: link.widest, fit: link.fit, options: policy.migration)
            let copying = Double(model.volume.count) / Double(max(1, link.first)) * 1000
            return copying + Double(link.fit.fixedMilliseconds) > Double(milliseconds)
        }.map { LikelyMover(domain: $0.id, host: $0.host) }
    }
}

/// The domains that a request is about.
private struct AskedDomains {
    private(set) var bestEffort: Bool
    private var drained: Set<HostName> = []
    /// Where a named domain is to go, and where it must be for that.
    private var named: [DomainID: (target: HostName, source: HostName?)] = [:]
    private let wishes: PlanWishes

    init?(_ request: PlanRequest) {
        wishes = request.wishes
        switch request.goal {
        case .drain(let hosts, let bestEffort):
            self.bestEffort = bestEffort
            drained = Set(hosts)
        case .move(let bestEffort): self.bestEffort = bestEffort
        case .return(let homecomings, let bestEffort):
            self.bestEffort = bestEffort
            for one in homecomings { named[one.domain] = (one.home, one.displacedAt) }
        case .moves(let moves, let bestEffort):
            self.bestEffort = bestEffort
            for move in moves { named[move.domain] = (move.target, move.source) }
        case .balance, .consolidate: return nil
        }
    }

    func has(_ domain: Domain) -> Bool {
        if drained.contains(domain.host) {
            return !wishes.except.contains { $0.domain == domain.id }
        }
        if let wished = wishes.moves.first(where: { $0.domain == domain.id }) {
            return !wishes.isMet(for: wished, on: domain.host)
        }
        guard let wish = named[domain.id], wish.target != domain.host else { return false }
        return wish.source == nil || wish.source == domain.host
    }

    /// Can they leave, as far as the memory of all other hosts together tells, and what can be
    /// asked?
    func fit(_ domains: [Int], _ problem: PlacementProblem) -> Bool {
        guard !drained.isEmpty else { return true }
        guard
            drained.allSatisfy({ name in
                problem.hostIndex[name].map { problem.isReachable[$0] } ?? false
            })
        else { return false }
        let targets = problem.hosts.indices.filter {
            problem.isReachable[$0] && !problem.hosts[$0].inMaintenance
                && !drained.contains(problem.hosts[$0].name)
        }
        let room = targets.reduce(Int64(0)) { sum, host in
            let row = host * problem.width + ResourceLayout.memory
            return sum + max(0, problem.limit[row] - problem.initialLoad[row])
        }
        return domains.reduce(0) { $0 + problem.load(of: $1, ResourceLayout.memory) } <= room
    }
}
