package import Planning

/// Small random assignment problems with every kind of term, feasible at the start.
package enum RandomAssignment {
    package static func problem(seed: UInt64, items: Int, bins: Int) -> AssignmentProblem {
        var random = SeededGenerator(seed: seed)
        let resources = random.int(1...4)
        let origin = (0..<items).map { _ in random.int(0...(bins - 1)) }
        let demand = (0..<(items * resources)).map { _ in
            random.oneIn(5) ? Int64(0) : Int64(random.int(1...20))
        }
        var capacity = [Int64](repeating: 0, count: bins * resources)
        for (item, bin) in origin.enumerated() {
            for resource in 0..<resources {
                capacity[bin * resources + resource] += demand[item * resources + resource]
            }
        }
        for index in capacity.indices { capacity[index] += Int64(random.int(0...30)) }
        var problem = AssignmentProblem(
            resources: resources, capacity: capacity, demand: demand, origin: origin)
        problem.isTransient = (0..<resources).map { _ in random.oneIn(3) }
        // Locations lie within neighbourhoods; the more bins, the more of both.
        problem.location = (0..<bins).map { _ in random.int(0...max(2, bins / 2)) }
        problem.neighborhood = problem.location.map { $0 % max(2, bins / 4) }
        addCosts(to: &problem, &random)
        addGroups(to: &problem, &random)
        for item in 0..<items where random.oneIn(6) {
            let bins = (0..<bins).filter { _ in random.oneIn(2) }
            problem.allowedSet[item] = problem.binSets.count
            problem.binSets.append(.init(bins, of: problem.binCount))
        }
        return problem
    }

    private static func addCosts(
        to problem: inout AssignmentProblem, _ random: inout SeededGenerator
    ) {
        let (bins, width) = (problem.binCount, problem.resourceCount)
        for resource in 0..<width {
            let level = (0..<bins).map { bin in
                problem.capacity[bin * width + resource] / Int64(random.int(1...4))
            }
            let weight = Int64(random.int(0...5))
            problem.thresholds.append(.init(resource: resource, weight: weight, level: level))
            problem.thresholds[resource].isFloor = random.oneIn(4)
        }
        if width > 1 {
            problem.balances = [.init(first: 0, second: width - 1, target: 2, weight: 3)]
        }
        problem.moveCost = (0..<problem.itemCount).map { _ in Int64(random.int(0...9)) }
        problem.groupMoveWeight = Int64(random.int(0...10))
        if random.oneIn(2) {
            problem.pairWeight = 2
            problem.pairCost = (0..<(bins * bins)).map { index in
                index % (bins + 1) == 0 ? 0 : UInt32(random.int(0...6))
            }
        }
    }

    /// Disjoint groups, and sometimes one across them; what each asks for holds at the start.
    private static func addGroups(
        to problem: inout AssignmentProblem, _ random: inout SeededGenerator
    ) {
        let origin = problem.origin
        var rest = Array(0..<problem.itemCount)
        while !rest.isEmpty {
            let size = min(rest.count, random.int(1...4))
            problem.groups.append(.init(members: Array(rest.prefix(size))))
            rest.removeFirst(size)
        }
        if random.oneIn(2) {
            let across = (0..<problem.itemCount).filter { _ in random.oneIn(3) }
            if !across.isEmpty { problem.groups.append(.init(members: across)) }
        }
        for index in problem.groups.indices {
            let bins = problem.groups[index].members.map { origin[$0] }
            problem.groups[index].isApart = Set(bins).count == bins.count
            let covered = Set(bins.map { problem.location[$0] }).count
            problem.groups[index].minimumLocations = random.int(0...covered)
            problem.groups[index].countsMoves = !random.oneIn(4)
            let near = Set(bins.map { problem.neighborhood[$0] })
            for other in problem.groups.indices where other != index && random.oneIn(3) {
                let theirs = problem.groups[other].members.map { problem.neighborhood[origin[$0]] }
                if near.isSubset(of: theirs) { problem.groups[index].needs.append(other) }
            }
        }
        addPlaces(to: &problem, &random)
    }

    /// Groups with few seats at each place, and groups that should cover few places; an item may be
    /// listed twice, as one that stands for several.
    private static func addPlaces(
        to problem: inout AssignmentProblem, _ random: inout SeededGenerator
    ) {
        problem.scatterWeight = Int64(random.int(0...12))
        problem.crowdWeight = random.oneIn(2) ? Int64(random.int(1...9)) : 0
        for _ in 0..<random.int(0...4) {
            var members = (0..<problem.itemCount).filter { _ in random.oneIn(3) }
            if let first = members.first, random.oneIn(3) { members.insert(first, at: 0) }
            guard !members.isEmpty else { continue }
            var group = AssignmentProblem.Group(members: members)
            if random.oneIn(2) { group.mostAtPlace = random.int(1...2) }
            if random.oneIn(2) { group.mostPlaces = random.int(1...2) }
            group.placesAreLocations = random.oneIn(2)
            problem.groups.append(group)
        }
    }
}
