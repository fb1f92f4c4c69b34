import ClusterModel

/// Finds an order in which moves can be made one after another, each counting on both hosts while
/// it runs; where they wait for each other in a circle, one makes a detour over a third host.
///
/// Moves to hosts that have room for everything still to come are made at once: they can stand in
/// nobody's way. Where that is not enough, bystanders may make detours too. Among the others it
/// searches depth-first, remembers placements that led nowhere, and gives up after `budget`
/// branches. Deciding whether an order exists is PSPACE-hard in general (Hearn, Demaine 2005:
/// sliding blocks), so a limit there must be.
struct MoveSequencer {
    /// Branches that are looked at.
    static let usualBudget = 4000

    private let problem: PlacementProblem
    private let compatibility: Compatibility
    private var placement: WorkingPlacement
    private var pending: [PlannedMove]
    private var isDone: [Bool]
    /// Index of each domain's move.
    private let moveOf: [Int: Int]
    /// Demand that is still to come, by host and resource.
    private var toCome: [Int64]
    private var trail: [(index: Int, move: PlannedMove)] = []
    private var dead: Set<UInt64> = []
    private var signature: UInt64 = 0
    private var budget: Int
    /// Entries from here on are bystanders: on their own host, and so done, until they move.
    private let firstBystander: Int
    /// Moves that were left over where the search came furthest.
    private(set) var stuck: [PlannedMove]
    /// The moves that were made there, in order; nil where one that is stuck had made a detour.
    private(set) var orderOfOthers: [PlannedMove]?
    private var furthest = -1

    init(
        _ moves: [PlannedMove], in problem: PlacementProblem, compatibility: Compatibility,
        bystanders: [Int] = [], budget: Int = usualBudget
    ) {
        self.problem = problem
        self.compatibility = compatibility
        self.budget = budget
        placement = WorkingPlacement(problem)
        firstBystander = moves.count
        let all =
            moves
            + bystanders.map {
                PlannedMove(domain: $0, source: problem.origin[$0], target: problem.origin[$0])
            }
        pending = all
        stuck = moves
        moveOf = Dictionary(
            firstOf: all.enumerated().map { ($1.domain, $0) })
        isDone = all.indices.map { $0 >= moves.count }
        toCome = Array(repeating: 0, count: problem.hosts.count * problem.width)
        for move in moves { addToCome(move, 1) }
    }

    /// The moves in order, with at most `detours` detours; nil when no order was found.
    mutating func sequence(detours: Int) -> [PlannedMove]? {
        search(detours) ? trail.map(\.move) : nil
    }

    private mutating func search(_ detours: Int) -> Bool {
        let mark = trail.count
        makeSafeMoves()
        if isDone.allSatisfy({ $0 }) { return true }
        noteProgress()
        let state = signature ^ Self.mix(UInt64(detours) &+ 0x5bd1)
        if !dead.contains(state), budget > 0 {
            budget -= 1
            if branch(detours) { return true }
            dead.insert(state)
        }
        undo(to: mark)
        return false
    }

    private mutating func branch(_ detours: Int) -> Bool {
        let mark = trail.count
        let possible = ranked(
            pending.indices.filter { !isDone[$0] && isPossible(pending[$0]) },
            wanted: wantedZones())
        for index in possible {
            make(index)
            if search(detours) { return true }
            undo(to: mark)
        }
        return detours > 0 ? stepAside(detours, mark) : false
    }

    /// Sends a domain that others wait for to a host where it does not belong, for a while.
    private mutating func stepAside(_ detours: Int, _ mark: Int) -> Bool {
        let wanted = wantedZones()
        let waitedFor = pending.indices.filter {
            (!isDone[$0] || isBystanderAtHome($0))
                && wanted.contains(problem.zone[pending[$0].source])
        }
        for index in ranked(waitedFor, wanted: wanted).reversed() {
            let move = pending[index]
            for host in problem.hosts.indices where host != move.source && host != move.target {
                let aside = PlannedMove(domain: move.domain, source: move.source, target: host)
                guard compatibility.allows(move.domain, from: move.source, to: host),
                    compatibility.allows(move.domain, from: host, to: move.target),
                    isPossible(aside)
                else { continue }
                if isBystanderAtHome(index) {
                    isDone[index] = false
                    addToCome(move, 1)
                }
                pending[index].source = host
                carryOut(aside)
                trail.append((index, aside))
                if search(detours - 1) { return true }
                undo(to: mark)
            }
        }
        return false
    }

    private func isBystanderAtHome(_ index: Int) -> Bool {
        index >= firstBystander && pending[index].source == pending[index].target
    }

    private mutating func makeSafeMoves() {
        var hasChanged = true
        while hasChanged {
            hasChanged = false
            for index in pending.indices where !isDone[index] && isSafe(pending[index]) {
                make(index)
                hasChanged = true
            }
        }
    }

    /// Room at the target for all that is still to come there, and nobody else of its anti-affinity
    /// groups wants the place.
    private func isSafe(_ move: PlannedMove) -> Bool {
        let width = problem.width
        for resource in 0..<width {
            let index = move.target * width + resource
            if toCome[index] > 0, placement.load[index] + toCome[index] > problem.limit[index] {
                return false
            }
        }
        guard placement.brokenGroup(move.domain, at: move.target, isMoving: true) == nil else {
            return false
        }
        return problem.groupsOfDomain[move.domain].allSatisfy {
            !isWanted(problem.groups[$0], at: move.target, besides: move.domain)
        }
    }

    private func isWanted(_ group: DomainGroup, at host: Int, besides domain: Int) -> Bool {
        switch group.kind {
        case .together: return false
        case .apart:
            let item = problem.item(of: host, in: group.scope)
            return group.members.contains { member in
                guard member != domain, let index = moveOf[member], !isDone[index] else {
                    return false
                }
                return problem.item(of: pending[index].target, in: group.scope) == item
            }
        }
    }

    private func isPossible(_ move: PlannedMove) -> Bool {
        placement.overflow(adding: move.domain, to: move.target) == nil
            && placement.brokenGroup(move.domain, at: move.target, isMoving: true) == nil
    }

    /// Zones that a move which can't be made yet wants to come to. Zones and not hosts, because a
    /// group of zones may wait for another host of the zone than the one it goes to.
    private func wantedZones() -> Set<Int> {
        Set(
            pending.indices.filter { !isDone[$0] && !isPossible(pending[$0]) }
                .map { problem.zone[pending[$0].target] })
    }

    /// Those that make room for others first, then the biggest.
    private func ranked(_ indices: [Int], wanted: Set<Int>) -> [Int] {
        let keyed = indices.map { index in
            (
                index: index, isWanted: wanted.contains(problem.zone[pending[index].source]),
                memory: problem.load(of: pending[index].domain, ResourceLayout.memory)
            )
        }
        return keyed.sorted {
            $0.isWanted != $1.isWanted ? $0.isWanted : ($1.memory, $0.index) < ($0.memory, $1.index)
        }.map(\.index)
    }

    private mutating func make(_ index: Int) {
        addToCome(pending[index], -1)
        carryOut(pending[index])
        isDone[index] = true
        trail.append((index, pending[index]))
    }

    private mutating func carryOut(_ move: PlannedMove) {
        placement.remove(move.domain)
        placement.place(move.domain, on: move.target)
        signature ^= mixed(move.domain, move.source) ^ mixed(move.domain, move.target)
    }

    private mutating func undo(to mark: Int) {
        while trail.count > mark {
            let (index, move) = trail.removeLast()
            carryOut(PlannedMove(domain: move.domain, source: move.target, target: move.source))
            if isDone[index] {
                isDone[index] = false
                addToCome(move, 1)
            } else {
                pending[index].source = move.source
                if isBystanderAtHome(index) {
                    isDone[index] = true
                    addToCome(pending[index], -1)
                }
            }
        }
    }

    private mutating func addToCome(_ move: PlannedMove, _ sign: Int64) {
        for resource in 0..<problem.width {
            toCome[move.target * problem.width + resource] +=
                sign * problem.load(of: move.domain, resource)
        }
    }

    private mutating func noteProgress() {
        let done = isDone.reduce(0) { $0 + ($1 ? 1 : 0) }
        guard done > furthest else { return }
        furthest = done
        stuck = pending.indices.filter { !isDone[$0] && $0 < firstBystander }.map { pending[$0] }
        let isDetoured = trail.contains { !isDone[$0.index] }
        orderOfOthers = isDetoured ? nil : trail.map(\.move)
    }

    private func mixed(_ domain: Int, _ host: Int) -> UInt64 {
        Self.mix(UInt64(domain) &* UInt64(problem.hosts.count) &+ UInt64(host) &+ 1)
    }

    private static func mix(_ value: UInt64) -> UInt64 {
        var generator = SplitMix64(seed: value)
        return generator.next()
    }
}
