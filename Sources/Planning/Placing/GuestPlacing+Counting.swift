import ClusterModel
import PlacementPolicy

/// How many guests of one kind the hosts have room for.
extension GuestPlacing {
    /// More are not counted.
    static let countedAtMost = 10_000

    /// Counts them, host by host; with `nPlusOne` only as many as leave the others room for any
    /// host that fails, found by halving: each look is as dear as one at the whole fleet.
    /// O(hosts × guests), with `nPlusOne` O(hosts² × domains of a host) for each of up to 14 looks.
    func room() -> FleetHeadroom.Room {
        let hosts = problem.hosts.indices.filter { problem.hosts[$0].name != Self.waiting }
        var blockers: [Blocker] = []
        var most: [Int: Int] = [:]
        for host in hosts {
            if let blocker = blocker(at: host) {
                blockers.append(blocker)
            } else {
                most[host] = count(on: host)
            }
        }
        var order = filling(most)
        let isCut = order.count == Self.countedAtMost
        // What huge pages a host has is counted from those that are free: of guests that do not run
        // yet nobody knows them.
        let spare = request.facts.hugePages == nil ? spare : nil
        if let spare {
            order = Array(order.prefix(largest(order.count) { keeps(spare, order.prefix($0)) }))
        }
        var counts: [Int: Int] = [:]
        for host in order { counts[host, default: 0] += 1 }
        return FleetHeadroom.Room(
            guest: request.facts,
            hosts: counts.map { host, guests in
                FleetHeadroom.Room.Share(host: problem.hosts[host].name, guests: guests)
            }.sorted { $0.host < $1.host },
            blockers: blockers.sorted { ($0.host ?? "") < ($1.host ?? "") },
            keepsSpareRoom: spare != nil, isCut: isCut && order.count == Self.countedAtMost)
    }

    /// Of a host that can take one.
    private func count(on host: Int) -> Int {
        let isHome = request.model == problem.hosts[host].name
        let resources = problem.layout.resources
        let counts = resources.indices.compactMap { resource -> Int? in
            let need = problem.load(of: guest, resource)
            guard need > 0, !(isHome && resources[resource].isRoom) else { return nil }
            let index = host * problem.width + resource
            return Int(max(0, problem.limit[index] - placement.load[index]) / need)
        }
        return min(counts.min() ?? Self.countedAtMost, Self.countedAtMost)
    }

    /// The hosts in the order in which they are filled: always the one that has the most memory
    /// left by its share. Guests of one anti-affinity group share no host, or no zone.
    private func filling(_ most: [Int: Int]) -> [Int] {
        let (facts, rules) = (request.facts, problem.policy.antiAffinity)
        let scopes =
            (facts.antiAffinityGroups.isEmpty ? [] : [PlacementGroup.Scope.host])
            + rules.filter { $0.domains.matches(facts.name) }.map(\.scope)
        let need = problem.load(of: guest, ResourceLayout.memory)
        var left = most
        var load: [Int: Int64] = [:]
        for host in most.keys {
            load[host] = placement.load[host * problem.width + ResourceLayout.memory]
        }
        func share(_ host: Int) -> Int64 {
            WorkingPlacement.share(
                (load[host] ?? 0) + need,
                of: problem.capacity[host * problem.width + ResourceLayout.memory])
        }
        var order: [Int] = []
        while order.count < Self.countedAtMost {
            let open = left.filter { $0.value > 0 }.keys
            guard let host = open.min(by: { (share($0), $0) < (share($1), $1) }) else { break }
            order.append(host)
            load[host, default: 0] += need
            left[host, default: 0] -= 1
            for scope in scopes {
                let item = problem.item(of: host, in: scope)
                for other in left.keys where problem.item(of: other, in: scope) == item {
                    left[other] = 0
                }
            }
        }
        return order
    }

    /// The largest number up to this for which it holds; it holds for none.
    private func largest(_ most: Int, _ holds: (Int) -> Bool) -> Int {
        guard most > 0, !holds(most) else { return most }
        var (good, bad) = (0, most)
        while bad - good > 1 {
            let middle = (good + bad) / 2
            if holds(middle) { good = middle } else { bad = middle }
        }
        return good
    }

    /// With a guest more on each of these hosts, is no failure worse than before?
    private func keeps(
        _ spare: (room: SpareRoom, before: [Int: Int64]), _ hosts: ArraySlice<Int>
    ) -> Bool {
        let more = hosts.enumerated().map { number, host in
            var facts = request.facts
            facts.id = DomainID("(new \(number))")
            facts.name = "\(request.facts.name) \(number)"
            return Domain(facts: facts, host: problem.hosts[host].name, demand: request.demand)
        }
        let world = ClusterSnapshot(
            observedAt: world.observedAt, hosts: world.hosts,
            domains: world.domains.filter { $0.id != request.facts.id } + more,
            inFlight: world.inFlight, demandSlots: world.demandSlots)
        let full = PlacementProblem(world, under: problem.policy)
        return SpareRoom(full).worsened(at: Moment(WorkingPlacement(full)), since: spare.before)
            .isEmpty
    }
}
