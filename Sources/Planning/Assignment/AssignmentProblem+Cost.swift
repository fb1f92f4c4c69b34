/// Cost and feasibility counted from nothing but the problem and a placement, term by term: what
/// the increments of `AssignmentState` are held against.
extension AssignmentProblem {
    /// What a placement costs.
    package func cost(of bins: [Int]) -> Int64 {
        let used = usage(of: bins)
        var cost: Int64 = 0
        for threshold in thresholds {
            for bin in 0..<binCount {
                let load = used[bin * resourceCount + threshold.resource]
                let beyond = load - threshold.level[bin]
                cost += threshold.weight * max(0, threshold.isFloor ? -beyond : beyond)
            }
        }
        for balance in balances {
            for bin in 0..<binCount {
                let row = bin * resourceCount
                let first = capacity[row + balance.first] - used[row + balance.first]
                let second = capacity[row + balance.second] - used[row + balance.second]
                cost += balance.weight * max(0, balance.target * first - second)
            }
        }
        return cost + costOfMoves(bins)
    }

    private func costOfMoves(_ bins: [Int]) -> Int64 {
        var cost: Int64 = 0
        for item in 0..<itemCount where bins[item] != origin[item] {
            cost += moveCost[item]
            if !pairCost.isEmpty {
                cost += pairWeight * Int64(pairCost[origin[item] * binCount + bins[item]])
            }
        }
        let moved = groups.filter(\.countsMoves).map { group in
            group.members.count { bins[$0] != origin[$0] }
        }
        return cost + groupMoveWeight * Int64(moved.max() ?? 0) + scatterWeight * scatter(bins)
            + crowdWeight * crowd(bins)
    }

    /// Places that groups cover beyond what they should, summed.
    package func scatter(_ bins: [Int]) -> Int64 {
        groups.reduce(0) { sum, group in
            guard group.mostPlaces > 0 else { return sum }
            let places = Set(group.members.map { place(bins[$0], group) })
            return sum + Int64(max(0, places.count - group.mostPlaces))
        }
    }

    /// Members of groups beyond what a place should have, summed.
    package func crowd(_ bins: [Int]) -> Int64 {
        groups.reduce(0) { sum, group in
            guard group.mostAtPlace > 0 else { return sum }
            var present: [Int: Int] = [:]
            for member in group.members { present[place(bins[member], group), default: 0] += 1 }
            return present.values.reduce(sum) { $0 + Int64(max(0, $1 - group.mostAtPlace)) }
        }
    }

    /// A bin, or its location, as a group counts places.
    private func place(_ bin: Int, _ group: Group) -> Int {
        group.placesAreLocations ? location[bin] : bin
    }

    /// Sums of demand, a row for each bin.
    package func usage(of bins: [Int]) -> [Int64] {
        var used = [Int64](repeating: 0, count: binCount * resourceCount)
        for (item, bin) in bins.enumerated() {
            for resource in 0..<resourceCount {
                used[bin * resourceCount + resource] += demand[item * resourceCount + resource]
            }
        }
        return used
    }

    /// Whether everything holds that must hold.
    package func isFeasible(_ bins: [Int]) -> Bool {
        respectsCapacity(bins) && groups.indices.allSatisfy { respects($0, bins) }
            && bins.indices.allSatisfy { item in
                guard let set = allowedSet[item], bins[item] != origin[item] else { return true }
                return binSets[set].contains(bins[item])
            }
    }

    private func respectsCapacity(_ bins: [Int]) -> Bool {
        var used = usage(of: bins)
        for item in bins.indices where bins[item] != origin[item] {
            for resource in 0..<resourceCount where isTransient[resource] {
                used[origin[item] * resourceCount + resource] +=
                    demand[item * resourceCount + resource]
            }
        }
        return zip(used, capacity).allSatisfy { $0 <= $1 }
    }

    private func respects(_ index: Int, _ bins: [Int]) -> Bool {
        let group = groups[index]
        if group.isApart, Set(group.members.map { bins[$0] }).count < group.members.count {
            return false
        }
        if group.mostAtPlace > 0, !respectsSeats(group, bins) { return false }
        let covered = Set(group.members.map { location[bins[$0]] })
        guard covered.count >= group.minimumLocations else { return false }
        let places = Set(group.members.map { neighborhood[bins[$0]] })
        return group.needs.allSatisfy { needed in
            places.isSubset(of: groups[needed].members.map { neighborhood[bins[$0]] })
        }
    }

    private func respectsSeats(_ group: Group, _ bins: [Int]) -> Bool {
        var present: [Int: Int] = [:]
        var started: [Int: Int] = [:]
        for member in group.members {
            present[place(bins[member], group), default: 0] += 1
            started[place(origin[member], group), default: 0] += 1
        }
        return present.allSatisfy { $1 <= max(group.mostAtPlace, started[$0] ?? 0) }
    }

    /// No placement can cost less: each threshold and each balance counted as if all bins were one,
    /// and no move cost anything but what is gained by it.
    package var lowerBound: Int64 {
        var demanded = [Int64](repeating: 0, count: resourceCount)
        for (index, amount) in demand.enumerated() { demanded[index % resourceCount] += amount }
        var free = demanded.map { -$0 }
        for (index, amount) in capacity.enumerated() { free[index % resourceCount] += amount }
        var bound = moveCost.reduce(0) { $0 + min(0, $1) }
        for threshold in thresholds where !threshold.isFloor {
            let level = threshold.level.reduce(0, +)
            bound += threshold.weight * max(0, demanded[threshold.resource] - level)
        }
        for balance in balances {
            bound +=
                balance.weight * max(0, balance.target * free[balance.first] - free[balance.second])
        }
        return bound
    }
}
