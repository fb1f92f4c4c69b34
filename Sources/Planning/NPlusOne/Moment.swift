/// A state that a plan passes through: what each host must keep room for. A domain that moves has
/// room on both of its hosts.
struct Moment {
    private(set) var load: [Int64]
    /// All hosts that keep room for a domain; one, unless it moves.
    private(set) var places: [[Int]]

    init(_ placement: WorkingPlacement) {
        load = placement.load
        places = placement.host.map { [$0] }
        // Migrations that were under way have their load on both hosts already.
        for (domain, host) in placement.problem.arriving where !places[domain].contains(host) {
            places[domain].append(host)
        }
    }

    /// The domain also has room on this host from now on.
    mutating func add(_ domain: Int, at host: Int, in problem: PlacementProblem) {
        guard !places[domain].contains(host) else { return }
        places[domain].append(host)
        for resource in 0..<problem.width {
            load[host * problem.width + resource] += problem.load(of: domain, resource)
        }
    }

    /// The domain is there and nowhere else.
    mutating func settle(_ domain: Int, at host: Int, in problem: PlacementProblem) {
        for place in places[domain] {
            for resource in 0..<problem.width {
                load[place * problem.width + resource] -= problem.load(of: domain, resource)
            }
        }
        places[domain] = []
        add(domain, at: host, in: problem)
    }
}
