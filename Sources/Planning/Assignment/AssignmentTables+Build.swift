extension AssignmentTables {
    package init(_ problem: AssignmentProblem, in arena: Arena) {
        let order = Self.resourceOrder(problem)
        let width = problem.resourceCount
        items = problem.itemCount
        bins = problem.binCount
        self.width = width
        plainWidth = order.count { !problem.isTransient[$0] }
        need = arena.array(Self.ordered(problem.demand, order), or: 0)
        capacity = arena.array(Self.ordered(problem.capacity, order), or: 0)
        let hinges = HingeTable(problem)
        self.hinges = hinges.count
        load = arena.array(hinges.load, or: 0)
        hingeOffset = arena.array(hinges.offset, or: 0)

        origin = arena.array(problem.origin.map(Int32.init), or: 0)
        moveCost = arena.array(problem.moveCost, or: 0)
        hasPairs = !problem.pairCost.isEmpty && problem.pairWeight != 0
        pairWeight = problem.pairWeight
        pairCost = arena.array(hasPairs ? problem.pairCost : [], or: 0)

        let groups = GroupTable(problem)
        self.groups = problem.groups.count
        groupsOfItem = FlatLists(groups.ofItem, in: arena)
        members = FlatLists(problem.groups.map(\.members), in: arena)
        needs = FlatLists(groups.needs, in: arena)
        neededBy = FlatLists(groups.neededBy, in: arena)
        apartRow = arena.array(groups.apartRow.values, or: -1)
        spreadRow = arena.array(groups.spreadRow.values, or: -1)
        dependencyRow = arena.array(groups.dependencyRow.values, or: -1)
        isCounted = arena.array(problem.groups.map(\.countsMoves), or: false)
        minimumLocations = arena.array(
            problem.groups.map { Int32($0.minimumLocations) }, or: 0)
        (apartRows, spreadRows) = (groups.apartRow.count, groups.spreadRow.count)
        dependencyRows = groups.dependencyRow.count
        groupMoveWeight = problem.groupMoveWeight
        mostAtPlace = arena.array(problem.groups.map { Int32($0.mostAtPlace) }, or: 0)
        mostPlaces = arena.array(problem.groups.map { Int32($0.mostPlaces) }, or: 0)
        placesAreLocations = arena.array(problem.groups.map(\.placesAreLocations), or: false)
        (scatterWeight, crowdWeight) = (problem.scatterWeight, problem.crowdWeight)
        hasSeatsByLocation = problem.groups.contains {
            $0.placesAreLocations && $0.mostAtPlace > 0
        }
        rebate =
            groupMoveWeight + scatterWeight * Int64(groups.mostGathered)
            + crowdWeight * Int64(groups.mostSeated)
        largestGroup = problem.groups.map(\.members.count).max() ?? 0
        traits = arena.array(groups.traits(problem), or: [])

        location = arena.array(problem.location.map(Int32.init), or: 0)
        neighborhood = arena.array(problem.neighborhood.map(Int32.init), or: 0)
        locations = (problem.location.max() ?? 0) + 1
        neighborhoods = (problem.neighborhood.max() ?? 0) + 1
        words = (bins + 63) / 64
        allowedRow = arena.array(problem.allowedSet.map { $0.map(Int32.init) ?? -1 }, or: -1)
        allowed = arena.array(problem.binSets.flatMap(\.words), or: 0)
    }

    /// The same rows with their columns in this order.
    private static func ordered(_ rows: [Int64], _ order: [Int]) -> [Int64] {
        stride(from: 0, to: rows.count, by: max(1, order.count)).flatMap { row in
            order.map { rows[row + $0] }
        }
    }

    /// Resources that count at one end, then the transient ones; the tightest first, so that most
    /// misfits are seen at the first look.
    private static func resourceOrder(_ problem: AssignmentProblem) -> [Int] {
        let width = problem.resourceCount
        var demanded = [Double](repeating: 0, count: width)
        var offered = [Double](repeating: 0, count: width)
        for (index, amount) in problem.demand.enumerated() {
            demanded[index % width] += Double(amount)
        }
        for (index, amount) in problem.capacity.enumerated() {
            offered[index % width] += Double(amount)
        }
        let tightness = zip(demanded, offered).map { $0 / max(1, $1) }
        return (0..<width).sorted { left, right in
            let (late, later) = (problem.isTransient[left], problem.isTransient[right])
            if late != later { return !late }
            return tightness[left] != tightness[right]
                ? tightness[left] > tightness[right] : left < right
        }
    }
}

/// The soft terms on a bin's load, weights multiplied in.
private struct HingeTable {
    var count = 0
    var load: [Int64] = []
    var offset: [Int64] = []

    init(_ problem: AssignmentProblem) {
        let thresholds = problem.thresholds.filter { $0.weight != 0 }
        let balances = problem.balances.filter { $0.weight != 0 }
        let width = problem.resourceCount
        count = thresholds.count + balances.count
        for bin in 0..<problem.binCount {
            offset += thresholds.map { ($0.isFloor ? 1 : -1) * $0.weight * $0.level[bin] }
            offset += balances.map {
                let row = bin * width
                let first = problem.capacity[row + $0.first]
                return $0.weight * ($0.target * first - problem.capacity[row + $0.second])
            }
        }
        for item in 0..<problem.itemCount {
            let row = item * width
            load += thresholds.map {
                ($0.isFloor ? -1 : 1) * $0.weight * problem.demand[row + $0.resource]
            }
            load += balances.map {
                let first = problem.demand[row + $0.first]
                return -$0.weight * ($0.target * first - problem.demand[row + $0.second])
            }
        }
    }
}

/// Which groups constrain anything, and the rows of their counters.
private struct GroupTable {
    /// Numbers those groups that need a row of counters.
    struct Rows {
        var values: [Int32] = []
        var count = 0

        mutating func append(_ isNeeded: Bool) {
            values.append(isNeeded ? Int32(count) : -1)
            count += isNeeded ? 1 : 0
        }
    }

    var ofItem: [[Int]]
    var needs: [[Int]]
    var neededBy: [[Int]]
    var apartRow = Rows()
    var spreadRow = Rows()
    var dependencyRow = Rows()
    /// Most groups of one item that should cover few places.
    var mostGathered = 0
    /// Most members that one item can stand for in groups with seats.
    var mostSeated = 0

    init(_ problem: AssignmentProblem) {
        ofItem = Array(repeating: [], count: problem.itemCount)
        neededBy = Array(repeating: [], count: problem.groups.count)
        needs = problem.groups.enumerated().map { index, group in
            Set(group.needs).subtracting([index]).sorted()
        }
        for (index, needed) in needs.enumerated() {
            for group in needed { neededBy[group].append(index) }
        }
        for (index, group) in problem.groups.enumerated() {
            for member in group.members where ofItem[member].last != index {
                ofItem[member].append(index)
            }
            apartRow.append(group.isApart && group.members.count > 1)
            spreadRow.append(group.minimumLocations > 1)
            dependencyRow.append(!needs[index].isEmpty || !neededBy[index].isEmpty)
        }
        if problem.scatterWeight != 0 {
            mostGathered =
                ofItem.map { $0.count { problem.groups[$0].mostPlaces > 0 } }.max() ?? 0
        }
        if problem.crowdWeight != 0 {
            var seats = Array(repeating: 0, count: problem.itemCount)
            for group in problem.groups where group.mostAtPlace > 0 {
                for member in group.members { seats[member] += 1 }
            }
            mostSeated = seats.max() ?? 0
        }
    }

    func traits(_ problem: AssignmentProblem) -> [ItemTraits] {
        problem.allowedSet.indices.map { item in
            var traits: ItemTraits = problem.allowedSet[item] == nil ? [] : .confined
            for group in ofItem[item] {
                if apartRow.values[group] >= 0 { traits.insert(.apart) }
                if spreadRow.values[group] >= 0 { traits.insert(.spread) }
                if dependencyRow.values[group] >= 0 { traits.insert(.dependent) }
                let (seats, places) = (
                    problem.groups[group].mostAtPlace > 0, problem.groups[group].mostPlaces > 0
                )
                if seats { traits.insert(.seated) }
                if seats && problem.crowdWeight != 0 || places && problem.scatterWeight != 0 {
                    traits.insert(.gathered)
                }
                if problem.groups[group].countsMoves && problem.groupMoveWeight != 0 {
                    traits.insert(.counted)
                }
            }
            return traits
        }
    }
}
