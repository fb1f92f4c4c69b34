import ClusterModel
import PlacementPolicy

/// The planner's problem stated to the engine: units of domains are items, hosts are bins.
///
/// Stated exactly: the room for every resource and slot of demand; who may go where from where it
/// is, or not at all; seats of anti-affinity groups over hosts and zones. A migration under way
/// holds what it will take, as an item that stays. Affinity is a cost above all others, since it
/// may be broken on the way.
///
/// Not stated, and left to whoever takes a result: the order of moves, N+1, and whether a domain
/// may go between two hosts neither of which is its own.
struct PlacementAssignment {
    let start: UnitPlacement
    private(set) var problem: AssignmentProblem
    private var isRepairing = false
    /// What is multiplied into all costs, so that a byte may cost far less than a move.
    private var change: Int64 = 1

    /// What moving one domain costs. What it holds comes on top, in quarters of a GiB, and so
    /// counts between plans of as many moves.
    static let move: Int64 = 1 << 16
    /// What matters more than any usual number of moves.
    static let urgent = 256 * move

    /// From `start`, which must be the placement of the problem's origin; `targets` may take more.
    init(_ start: UnitPlacement, targets: [Int]) {
        self.start = start
        let placement = start.problem
        let units = start.units
        let guests = placement.arriving
        var demand: [Int64] = []
        demand.reserveCapacity((units.members.count + guests.count) * placement.width)
        for members in units.members + guests.map({ [$0.domain] }) {
            for resource in 0..<placement.width {
                demand.append(members.reduce(0) { $0 + placement.load(of: $1, resource) })
            }
        }
        problem = AssignmentProblem(
            resources: placement.width, capacity: placement.limit, demand: demand,
            origin: units.members.indices.map { start.origin(of: $0) } + guests.map(\.host))
        problem.location = placement.zone
        problem.scatterWeight = 4 * Self.urgent
        for (unit, members) in units.members.enumerated() {
            problem.moveCost[unit] = members.reduce(0) {
                $0 + Self.move + Self.size(of: $1, placement)
            }
        }
        confine(targets)
        addGroups()
    }

    /// What must be copied, in quarters of a GiB.
    private static func size(of domain: Int, _ problem: PlacementProblem) -> Int64 {
        let facts = problem.domains[domain].facts
        return min(move - 1, facts.copiedMemory.count >> 28)
    }

    private mutating func confine(_ targets: [Int]) {
        var sets = TargetSets(start.problem, start.compatibility, targets: targets)
        var numbers: [AssignmentProblem.BinSet: Int] = [:]
        let none = AssignmentProblem.BinSet([], of: problem.binCount)
        for item in 0..<problem.itemCount {
            let isMovable = item < start.isMovable.count && start.isMovable[item]
            let set = isMovable ? sets.targets(of: start.units.members[item]) : none
            let number = numbers[set] ?? problem.binSets.count
            if number == problem.binSets.count {
                numbers[set] = number
                problem.binSets.append(set)
            }
            problem.allowedSet[item] = number
        }
    }

    private mutating func addGroups() {
        let placement = start.problem
        for group in placement.groups {
            var stated = AssignmentProblem.Group(
                members: group.members.map { start.units.unit[$0] })
            stated.placesAreLocations = group.scope == .zone
            switch group.kind {
            case .apart:
                stated.mostAtPlace = 1
                for (index, guest) in placement.arriving.enumerated()
                where group.members.contains(guest.domain)
                    && placement.item(of: guest.host, in: group.scope)
                        != placement.item(of: placement.origin[guest.domain], in: group.scope)
                {
                    stated.members.append(start.units.members.count + index)
                }
            case .together:
                stated.mostPlaces = group.initialSpread + group.excess
                if Set(stated.members).count == 1 { continue }
            }
            stated.members.sort()
            problem.groups.append(stated)
        }
    }

    // MARK: Goals

    /// These units should leave where they are, which matters more than who else moves.
    mutating func empty(_ leaving: [Int]) {
        for unit in leaving {
            problem.moveCost[unit] = -Self.urgent * Int64(start.units.members[unit].count)
        }
    }

    /// These units lie outside of what a rule allows, and should leave; groups are to be as they
    /// were meant, and not only no worse than they were.
    mutating func repair(_ outside: [Int]) {
        empty(outside)
        problem.scatterWeight = Self.urgent
        problem.crowdWeight = Self.urgent
        for index in problem.groups.indices where problem.groups[index].mostPlaces > 0 {
            problem.groups[index].mostPlaces = 1
        }
        isRepairing = true
    }

    /// No host is to become fuller than this.
    mutating func limitLoads(_ ceilings: [Int64]) {
        for index in problem.capacity.indices {
            problem.capacity[index] = min(problem.capacity[index], ceilings[index])
        }
    }

    /// Each unit of a resource that a host holds less than these matters more than moves.
    mutating func addFloors(_ floors: [Int64], resource: Int) {
        problem.thresholds.append(
            .init(
                resource: resource, weight: resource == ResourceLayout.memory ? 1 : 1 << 20,
                level: floors))
        problem.thresholds[problem.thresholds.count - 1].isFloor = true
    }

    /// The same problem, but that hosts may hold more than they have, at a price: as many moves as
    /// this for twice of what a typical target has. From a placement that holds too much it is
    /// often a short way to one that does not, where no way leads through such placements alone.
    func crowded(_ targets: [Int], perHost moves: Int64) -> PlacementAssignment {
        var crowded = self
        crowded.loosen(targets, perHost: moves)
        return crowded
    }

    private mutating func loosen(_ targets: [Int], perHost moves: Int64) {
        change = 1 << 20
        for item in problem.moveCost.indices { problem.moveCost[item] *= change }
        problem.scatterWeight *= change
        let width = problem.resourceCount
        for resource in 0..<width {
            let amounts = (0..<problem.itemCount).map { problem.demand[$0 * width + resource] }
            let all = amounts.reduce(0, +)
            guard all > 0 else { continue }
            // No host holds more than there is: so that no product with a price overflows.
            let level = (0..<problem.binCount).map {
                min(all, problem.capacity[$0 * width + resource])
            }
            let typical = targets.reduce(0) { $0 + level[$1] } / Int64(max(1, targets.count))
            let price = min(moves * Self.move * change / max(1, typical), (1 << 58) / all)
            problem.thresholds.append(
                .init(resource: resource, weight: max(1, price), level: level))
        }
        problem.capacity = problem.capacity.map { _ in Int64.max / 4 }
    }

    /// Is this a placement to begin from? One entry for each unit.
    func isFeasible(_ hosts: [Int]) -> Bool {
        problem.isFeasible(hosts + start.problem.arriving.map(\.host))
    }

    // MARK: Results

    /// Searches from the start for this many proposals: first so warm that a few items
    /// stray at any time, then down to where each unit of cost counts.
    func search(from hosts: [Int]? = nil, proposals: Int, seed: UInt64) -> [Int] {
        let guests = start.problem.arriving.map(\.host)
        var tuning = AssignmentSearch.Tuning()
        let choices = Double(max(2, problem.itemCount * problem.binCount))
        tuning.scale = 1.5 * Double(Self.move * change) / Logarithm.natural(choices)
        tuning.cold = 1.0 / 8
        tuning.epoch = max(500, proposals / 200)
        let search = AssignmentSearch(
            problem, from: hosts.map { $0 + guests }, seed: seed, tuning: tuning)
        return search.run(proposals: proposals).bins
    }

    /// A result as a placement; nil where it breaks what the planner's own rules ask for.
    func placement(at bins: [Int]) -> UnitPlacement? {
        var result = start
        let moved = start.units.members.indices.filter { bins[$0] != start.origin(of: $0) }
        for unit in moved { result.remove(unit) }
        for unit in moved { result.place(unit, on: bins[unit]) }
        let isSound = moved.allSatisfy {
            start.allows($0, on: bins[$0]) && result.violation(of: $0) == nil
        }
        let isFeasible = problem.isFeasible(bins)
        assert(
            isRepairing
                ? !isSound || isFeasible : isSound == (isFeasible && problem.scatter(bins) == 0),
            "the engine and the planner disagree on what is allowed")
        return isSound ? result : nil
    }
}
