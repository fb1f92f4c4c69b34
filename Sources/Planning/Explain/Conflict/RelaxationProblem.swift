import ClusterModel
import PlacementPolicy

/// The constraints that may have to do with a drain or a move, by name, and what each says
/// of the world.
struct RelaxationProblem {
    let problem: PlacementProblem
    let snapshot: ClusterSnapshot
    let policy: Policy
    let request: PlanRequest
    let drained: Set<HostName>
    let leaving: [Int]
    let targets: [Int]
    let mobility: Mobility
    let compatibility: Compatibility
    private let groupsByDomain: [DomainID: [String]]

    /// From this many hosts on their supplies are looked at together.
    static let hostsOneByOne = 12

    init(
        _ problem: PlacementProblem, _ snapshot: ClusterSnapshot, _ request: PlanRequest
    ) {
        let drained: Set<HostName>
        if case .drain(let hosts, _) = request.goal {
            drained = Set(hosts)
        } else {
            drained = []
        }
        self.problem = problem
        self.snapshot = snapshot
        policy = problem.policy
        self.request = request
        self.drained = drained
        leaving = Leaving(request, problem, snapshot).domains
        let to = request.wishes.to
        targets = problem.hosts.indices.filter { index in
            let name = problem.hosts[index].name
            return !drained.contains(name) && (to.isEmpty || to.contains(name))
        }
        mobility = Mobility(problem, snapshot, request)
        compatibility = Compatibility(
            problem, closed: Set(drained.compactMap { problem.hostIndex[$0] }),
            forbidden: request.forbidden)
        groupsByDomain = Dictionary(
            firstOf: problem.domains.map { ($0.id, $0.facts.antiAffinityGroups) })
    }

    /// What is planned, in a word.
    var goal: String { drained.isEmpty ? "move" : "drain" }

    func groups(of domain: DomainID) -> [String] { groupsByDomain[domain] ?? [] }

    /// All of them; those first that say most when they are to blame.
    func switches() -> [Relaxation] {
        var switches: [Relaxation] = []
        let domains = leaving.map { problem.domains[$0] }
        for index in leaving where !mobility.isMovable(index) {
            switches.append(.hold(problem.domains[index].id))
        }
        for migration in snapshot.inFlight {
            guard let target = migration.target, drained.contains(target) else { continue }
            switches.append(.hold(migration.domain))
        }
        for index in leaving where misfit(index) != nil {
            switches.append(.platform(problem.domains[index].id))
        }
        for name in Set(domains.flatMap(\.facts.antiAffinityGroups)).sorted() {
            switches.append(.group(name, isApart: true))
        }
        for name in Set(domains.flatMap(\.facts.affinityGroups)).sorted() {
            switches.append(.group(name, isApart: false))
        }
        switches += policy.antiAffinity.indices.map { .policyGroup($0, isApart: true) }
        switches += policy.affinity.indices.map { .policyGroup($0, isApart: false) }
        switches += policy.ban.indices.map { .ban($0) }
        switches += policy.fence.indices.map { .fence($0) }
        switches += policy.pin.indices.map { .pin($0) }
        switches += policy.exclude.indices.map { .exclusion($0) }
        if policy.maxDomainsPerHost != nil { switches.append(.domainLimit) }
        if !request.forbidden.isEmpty { switches.append(.forbidden) }
        if !request.wishes.to.isEmpty { switches.append(.to) }
        switches += request.wishes.notTo.map { .notTo($0) }
        switches += request.wishes.except.map { .except($0.domain) }
        if policy.nPlusOne != .off { switches.append(.spareRoom) }
        switches += supplies()
        for host in targets.map({ problem.hosts[$0] }) {
            if host.inMaintenance { switches.append(.maintenance(host.name)) }
            if host.fault != nil, host.facts != nil { switches.append(.fault(host.name)) }
        }
        // The biggest first: small ones are the last to be to blame.
        let bySize = leaving.sorted { left, right in
            let sizes = [left, right].map { problem.load(of: $0, ResourceLayout.memory) }
            return sizes[0] != sizes[1] ? sizes[0] > sizes[1] : left < right
        }
        // One that is shut down is no longer to be moved, but not what was asked for either.
        if !drained.isEmpty { switches += bySize.map { .runs(problem.domains[$0].id) } }
        var seen: Set<Relaxation> = []
        return switches.filter { seen.insert($0).inserted }
    }

    /// Only what the leaving domains together could use up.
    private func supplies() -> [Relaxation] {
        var order: [Relaxation.Supply] = []
        var scarce: [Relaxation.Supply: Set<Int>] = [:]
        for resource in 0..<problem.width {
            guard let supply = Self.supply(problem.layout.resources[resource]) else { continue }
            let wanted = leaving.reduce(Int64(0)) { $0 + problem.load(of: $1, resource) }
            if scarce[supply] == nil {
                order.append(supply)
                scarce[supply] = []
            }
            for host in targets {
                let index = host * problem.width + resource
                if problem.limit[index] - problem.initialLoad[index] < wanted {
                    scarce[supply]?.insert(host)
                }
            }
        }
        return order.flatMap { supply -> [Relaxation] in
            let hosts = scarce[supply, default: []].sorted().map { problem.hosts[$0].name }
            if hosts.isEmpty { return [] }
            return hosts.count > Self.hostsOneByOne
                ? [.supply(supply, hosts)] : hosts.map { .supply(supply, [$0]) }
        }
    }

    static func supply(_ resource: Resource) -> Relaxation.Supply? {
        switch resource {
        case .memory: .memory
        case .cpu, .domainCount: nil
        case .hugePages(let size, _): .pages(size)
        case .cellMemory: .cells
        case .poolRoom: .memory
        }
    }

    /// What in the domain keeps it from some open host; nil where nothing does.
    func misfit(_ domain: Int) -> Blocker? {
        let reasons: [Blocker.Reason] = [
            .localStorage, .storageUnknown, .network, .cpuModel, .cpu, .machineType,
            .architecture, .firmware, .device, .tpm, .state, .other,
        ]
        let source = problem.origin[domain]
        // Hosts are alike in kinds: looking at every one of thousands would only cost time.
        for target in targets.prefix(100) where compatibility.isOpen(target) {
            if let blocker = compatibility.blocker(domain, from: source, to: target),
                reasons.contains(blocker.reason)
            {
                return blocker
            }
        }
        return nil
    }

    /// The most that all leaving domains together want of something.
    func most(_ supply: Relaxation.Supply) -> Int64 {
        var most: Int64 = 0
        for resource in 0..<problem.width
        where Self.supply(problem.layout.resources[resource]) == supply {
            var amount = leaving.reduce(Int64(0)) { $0 + problem.load(of: $1, resource) }
            for host in targets {
                let index = host * problem.width + resource
                amount = max(amount, amount + problem.limit[index] - problem.capacity[index])
            }
            if case .pages(let size) = supply { amount *= size.count }
            most = max(most, amount)
        }
        return most
    }

    /// An amount as a share of what a host has of it, in hundredths of a percent.
    func share(_ supply: Relaxation.Supply, _ amount: Int64, of name: HostName) -> Int64 {
        guard let host = problem.hostIndex[name],
            let resource = problem.layout.resources.firstIndex(where: {
                Self.supply($0) == supply
            })
        else { return Int64.max }
        var amount = amount
        if case .pages(let size) = supply { amount /= size.count }
        return WorkingPlacement.share(
            amount, of: max(1, problem.capacity[host * problem.width + resource]))
    }

    /// The supplies of many hosts one by one: of the hosts that come nearest to taking the biggest.
    func narrowed(_ constraint: Relaxation) -> [Relaxation] {
        guard case .supply(let supply, let hosts) = constraint, hosts.count > 1 else {
            return [constraint]
        }
        let resource = problem.layout.resources.firstIndex { Self.supply($0) == supply } ?? 0
        let open = hosts.compactMap { problem.hostIndex[$0] }.filter { compatibility.isOpen($0) }
        let nearest = open.sorted { left, right in
            let free = [left, right].map {
                problem.limit[$0 * problem.width + resource]
                    - problem.initialLoad[$0 * problem.width + resource]
            }
            return free[0] != free[1] ? free[0] > free[1] : left < right
        }
        return nearest.prefix(2).map { .supply(supply, [problem.hosts[$0].name]) }
    }
}
