import ClusterModel

/// Chooses hosts to empty: as many as can be, then those whose domains are cheapest to move.
///
/// In a small fleet all sets of hosts are tried, the largest first and of equal ones the cheapest.
/// In a larger one hosts are emptied one by one, cheapest first, each on top of those before; then
/// again in other orders, and the best outcome counts. O(orders × hosts × domains of a host ×
/// hosts).
struct EmptyingSearch {
    /// Hosts that were emptied, and where everything is then.
    struct Outcome {
        var emptied: [Int] = []
        var state: UnitPlacement
        var bytes: Int64 = 0
        var moves = 0

        fileprivate func isBetter(than other: Outcome) -> Bool {
            let own = (-emptied.count, bytes, moves)
            return own < (-other.emptied.count, other.bytes, other.moves)
        }
    }

    let start: UnitPlacement
    /// Hosts in use that may take more, the candidates among them.
    let takers: [Int]
    /// Hosts that may be emptied.
    let candidates: [Int]
    /// No more hosts than these can or may be emptied.
    let emptiedAtMost: Int
    let movesAtMost: Int
    /// Changes that the engine proposes for each host more that it tries to empty.
    let proposals: Int
    /// May others make room for a host's domains?
    let displaces: Bool
    /// Is this state of affairs, with these hosts empty, all right in other regards?
    let isFit: (inout UnitPlacement, _ emptied: [Int], _ targets: [Int]) -> Bool

    /// Of each unit. Domains are dear to copy, and each outcome asks for many.
    private let bytes: [Int64]

    init(
        start: UnitPlacement, takers: [Int], candidates: [Int], emptiedAtMost: Int,
        movesAtMost: Int, proposals: Int, displaces: Bool = true,
        isFit: @escaping (inout UnitPlacement, _ emptied: [Int], _ targets: [Int]) -> Bool
    ) {
        self.start = start
        self.takers = takers
        self.candidates = candidates
        self.emptiedAtMost = emptiedAtMost
        self.movesAtMost = movesAtMost
        self.proposals = proposals
        self.displaces = displaces
        self.isFit = isFit
        bytes = start.units.members.map { members in
            members.reduce(0) { $0 + start.problem.domains[$1].facts.copiedMemory.count }
        }
    }

    /// Up to this many candidates, all sets of them are tried.
    static let setsUpTo = 8
    /// Other domains moved at most to make room for one host's.
    static let residentsMoved = 2
    /// Trials of a search for room.
    static let trials = 400
    /// Hosts in a row for which no room can be made, before others are no longer displaced.
    static let patience = 3
    /// Domains placed in all orders together: bounds the work in large fleets.
    static let placements = 20_000

    /// The cost of emptying a host: what its domains hold, which must be copied.
    func bytes(of host: Int) -> Int64 {
        residents(of: host, on: start).reduce(0) { $0 + bytes[$1] }
    }

    func run(random: inout SplitMix64) -> Outcome {
        let nothing = Outcome(state: start)
        guard emptiedAtMost > 0, !candidates.isEmpty else { return nothing }
        let cheapest = candidates.sorted { (bytes(of: $0), $0) < (bytes(of: $1), $1) }
        if candidates.count <= Self.setsUpTo { return smallest(cheapest) ?? nothing }
        return byOrders(cheapest, random: &random)
    }

    /// The candidates in the order given, each emptied if it can be on top of those before.
    func inOrder() -> Outcome {
        var budget = Int.max
        return oneByOne(candidates, &budget)
    }

    // MARK: All sets

    private func smallest(_ hosts: [Int]) -> Outcome? {
        let costs = hosts.map { bytes(of: $0) }
        let sets = (1..<(1 << hosts.count)).map { set in
            let members = hosts.indices.filter { set & (1 << $0) != 0 }
            return (members: members, cost: members.reduce(Int64(0)) { $0 + costs[$1] })
        }
        let ranked = sets.filter { $0.members.count <= emptiedAtMost }.sorted { left, right in
            let counts = (left.members.count, right.members.count)
            if counts.0 != counts.1 { return counts.0 > counts.1 }
            return left.cost != right.cost
                ? left.cost < right.cost
                : left.members.lexicographicallyPrecedes(right.members)
        }
        for set in ranked {
            var outcome = Outcome(state: start)
            let chosen = set.members.map { hosts[$0] }
            if empty(chosen, of: &outcome, displacing: displaces) == .emptied {
                return outcome
            }
        }
        return nil
    }

    // MARK: One by one

    private func byOrders(_ cheapest: [Int], random: inout SplitMix64) -> Outcome {
        let byCount = cheapest.sorted {
            let counts = [$0, $1].map { residents(of: $0, on: start).count }
            return (counts[0], bytes(of: $0), $0) < (counts[1], bytes(of: $1), $1)
        }
        let byShare = cheapest.sorted {
            (start.placement.share(of: $0), $0) < (start.placement.share(of: $1), $1)
        }
        var best = Outcome(state: start)
        var budget = Self.placements
        for order in [cheapest, byShare, byCount] {
            take(oneByOne(order, &budget), if: &best)
        }
        // Others near the best order: some hosts change places.
        while budget > 0, best.emptied.count < emptiedAtMost {
            let before = budget
            var order = best.emptied + cheapest.filter { !best.emptied.contains($0) }
            for _ in 0..<max(1, order.count / 8) {
                let (one, other) = (
                    Int.random(in: order.indices, using: &random),
                    Int.random(in: order.indices, using: &random)
                )
                order.swapAt(one, other)
            }
            take(oneByOne(order, &budget), if: &best)
            if budget == before { break }
        }
        return further(best, random: &random)
    }

    // MARK: The engine

    /// Hosts tried on top of the best outcome before it is left at that.
    static let hostsTried = 3
    static let proposalsPerUnit = 100

    /// One host more, as often as it goes, by the engine: the least roomy of the others first,
    /// since the roomy ones carry most.
    private func further(_ outcome: Outcome, random: inout SplitMix64) -> Outcome {
        var best = outcome
        let rooms = candidates.map { host in
            (
                host: host, room: start.problem.limit[host * start.problem.width],
                bytes: bytes(of: host)
            )
        }.sorted { ($0.room, $0.bytes, $0.host) < ($1.room, $1.bytes, $1.host) }.map(\.host)
        while best.emptied.count < emptiedAtMost {
            let rest = rooms.filter { !best.emptied.contains($0) }.prefix(Self.hostsTried)
            var next: Outcome?
            for host in rest where next == nil {
                next = searched(best.emptied + [host], near: best, seed: random.next())
            }
            guard let next else { return best }
            best = next
        }
        return best
    }

    /// These hosts empty, as the engine finds it from a placement with one fewer.
    private func searched(_ emptied: [Int], near outcome: Outcome, seed: UInt64) -> Outcome? {
        let targets = takers.filter { !emptied.contains($0) }
        let leaving = start.units.members.indices.filter {
            emptied.contains(start.host(of: $0))
        }
        var bare = start
        for unit in leaving { bare.remove(unit) }
        guard proposals > 0, hasRoom(leaving, bare, targets) else { return nil }
        var assignment = PlacementAssignment(start, targets: targets)
        assignment.empty(leaving)
        // Domains brought to a host that is to be emptied too return first, where they fit.
        let hosts = start.units.members.indices.map { unit in
            let host = outcome.state.host(of: unit)
            return emptied.contains(host) ? start.host(of: unit) : host
        }
        let bins = assignment.search(
            from: assignment.isFeasible(hosts) ? hosts : nil,
            proposals: min(proposals, Self.proposalsPerUnit * hosts.count), seed: seed)
        guard leaving.allSatisfy({ bins[$0] != start.host(of: $0) }),
            var state = assignment.placement(at: bins), isFit(&state, emptied, targets)
        else { return nil }
        return self.outcome(emptied, state)
    }

    /// nil when it takes too many moves.
    private func outcome(_ emptied: [Int], _ state: UnitPlacement) -> Outcome? {
        var outcome = Outcome(emptied: emptied, state: state)
        for unit in start.units.members.indices where state.host(of: unit) != start.host(of: unit) {
            outcome.bytes += bytes[unit]
            outcome.moves += start.units.members[unit].count
        }
        return outcome.moves <= movesAtMost ? outcome : nil
    }

    private func take(_ outcome: Outcome, if best: inout Outcome) {
        if outcome.isBetter(than: best) { best = outcome }
    }

    private func oneByOne(_ order: [Int], _ budget: inout Int) -> Outcome {
        var outcome = Outcome(state: start)
        // Once the room is used up, no displacing helps those that come later either.
        var patience = displaces ? Self.patience : 0
        for host in order where outcome.emptied.count < emptiedAtMost && budget > 0 {
            budget -= 1 + residents(of: host, on: outcome.state).count
            var next = outcome
            switch empty([host], of: &next, displacing: patience > 0) {
            case .emptied: (outcome, patience) = (next, displaces ? Self.patience : 0)
            case .tooTight: patience -= 1
            case .tooFull: break
            }
        }
        return outcome
    }

    // MARK: One attempt

    private func residents(of host: Int, on state: UnitPlacement) -> [Int] {
        var seen: Set<Int> = []
        return state.placement.residents[host].map { state.units.unit[$0] }
            .filter { seen.insert($0).inserted }.sorted()
    }

    private enum Attempt {
        case emptied
        /// The others have not even the room in sum.
        case tooFull
        /// They have, and nothing was found, or not tried, that makes use of it.
        case tooTight
    }

    /// Empties these hosts too; the outcome is spoilt where no room is found.
    private func empty(
        _ hosts: [Int], of outcome: inout Outcome, displacing: Bool
    ) -> Attempt {
        let emptied = outcome.emptied + hosts
        let isEmptied = Set(emptied)
        let targets = takers.filter { !isEmptied.contains($0) }
        var state = outcome.state
        let pending = hosts.flatMap { residents(of: $0, on: outcome.state) }
        for unit in pending { state.remove(unit) }
        guard hasRoom(pending, state, targets) else { return .tooFull }
        let order = Construction.hardestFirst(pending, on: state, targets: targets)
        var left = order
        var placed = state
        for fit in [Construction.Fit.fullest, .emptiest] where !left.isEmpty {
            placed = state
            left = Construction.place(order, on: &placed, targets: targets, fit: fit)
        }
        if !left.isEmpty, !displacing || !eject(left, on: &placed, targets: targets) {
            return .tooTight
        }
        guard isFit(&placed, emptied, targets), let found = self.outcome(emptied, placed)
        else { return .tooTight }
        outcome = found
        return .emptied
    }

    /// Do all targets together have what is needed? A quick proof that they have not.
    private func hasRoom(_ pending: [Int], _ state: UnitPlacement, _ targets: [Int]) -> Bool {
        (0..<state.problem.width).allSatisfy { resource in
            let (needed, free) = state.sums(of: resource, neededBy: pending, on: targets)
            return needed <= free
        }
    }

    private func eject(_ left: [Int], on state: inout UnitPlacement, targets: [Int]) -> Bool {
        let moved = start.units.members.indices.filter { unit in
            let domain = start.units.first[unit]
            return state.placement.host[domain] != start.placement.host[domain]
        }
        for residents in 0...Self.residentsMoved {
            var search = EjectionSearch(state, targets: targets, free: moved)
            let isFound = search.solve(left, residents: residents, budget: Self.trials) { _ in
                true
            }
            if isFound {
                state = search.state
                return true
            }
            if !search.wasCut { return false }
        }
        return false
    }
}
