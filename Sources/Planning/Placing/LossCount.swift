import ClusterModel
import PlacementPolicy

/// Asks of every host what `nPlusOne` asks: would the others take over what runs there? By the same
/// greedy placement (`SpareRoom`), which is enough and not necessary: a search might find more.
struct LossCount {
    private let problem: PlacementProblem
    private let spare: SpareRoom

    init(_ snapshot: ClusterSnapshot, under policy: Policy) {
        problem = PlacementProblem(snapshot, under: policy)
        spare = SpareRoom(problem)
    }

    func headroom() -> FleetHeadroom {
        let placement = WorkingPlacement(problem)
        let losses = spare.shortfalls(at: Moment(placement)).map { shortfall in
            FleetHeadroom.Loss(
                host: problem.hosts[shortfall.host].name,
                guests: shortfall.domains.map { domain in
                    let facts = problem.domains[domain].facts
                    return FleetHeadroom.Guest(name: facts.name, memory: facts.memory)
                },
                detail: spare.lack(shortfall).map { "\($0.amount) short on \($0.host)" }
                    ?? "no other host may run the first of them")
        }
        var bound: [HostName: [String]] = [:]
        var asked: Set<HostName> = []
        for (index, domain) in problem.domains.enumerated() where domain.facts.state.isActive {
            let host = problem.hosts[problem.origin[index]]
            guard host.isReachable else { continue }
            if spare.isCounted[index] {
                asked.insert(host.name)
            } else {
                bound[host.name, default: []].append(domain.name)
            }
        }
        return FleetHeadroom(
            hosts: asked.sorted(), losses: losses, bound: bound.mapValues { $0.sorted() },
            unreachable: problem.hosts.filter { !$0.isReachable }.map(\.name).sorted())
    }
}
