/// Groups that limit their members at each place, and groups that should cover few places.
///
/// Members are looked through, not counted in a table: such groups are small, there are many of
/// them, and they are asked last.
extension AssignmentState {
    @inline(__always)
    private func place(_ bin: Int, _ group: Int) -> Int32 {
        tables.placesAreLocations[group] ? tables.location[bin] : Int32(bin)
    }

    /// Is there a seat at a bin for an item in each of its groups, `out` leaving it unless that is
    /// -1?
    func hasSeat(_ item: Int, at target: Int, insteadOf out: Int) -> Bool {
        for index in tables.groupsOfItem.indices(item) {
            let group = Int(tables.groupsOfItem.items[index])
            let most = tables.mostAtPlace[group]
            let there = place(target, group)
            if most == 0 || place(Int(bin[item]), group) == there { continue }
            var (present, started) = (Int32(0), Int32(0))
            for index in tables.members.indices(group) {
                let member = Int(tables.members.items[index])
                let isThere = place(Int(bin[member]), group) == there
                if member == item || isThere && member != out { present &+= 1 }
                if place(Int(tables.origin[member]), group) == there { started &+= 1 }
            }
            if present > max(most, started) { return false }
        }
        return true
    }

    /// What an item's going adds to the cost of places covered and of crowded ones, `out` coming
    /// the other way unless it is -1.
    func placesDelta(_ item: Int, to target: Int, exchangedFor out: Int = -1) -> Int64 {
        var (beyond, crowd) = (Int64(0), Int64(0))
        for index in tables.groupsOfItem.indices(item) {
            let group = Int(tables.groupsOfItem.items[index])
            let most = tables.mostPlaces[group]
            if most > 0 {
                let after = coveredAfter(item, to: target, exchangedFor: out, group)
                beyond &+= Int64(max(0, after &- most) &- max(0, covered[group] &- most))
            }
            if tables.mostAtPlace[group] > 0 && tables.crowdWeight != 0 {
                crowd &+= crowdDelta(item, to: target, exchangedFor: out, group)
            }
        }
        return beyond &* tables.scatterWeight &+ crowd &* tables.crowdWeight
    }

    /// Of two members that change places the first counts for both.
    private func crowdDelta(
        _ item: Int, to target: Int, exchangedFor out: Int, _ group: Int
    ) -> Int64 {
        let (here, there) = (place(Int(bin[item]), group), place(target, group))
        if here == there { return 0 }
        var (atHere, atThere, going, coming) = (Int32(0), Int32(0), Int32(0), Int32(0))
        for index in tables.members.indices(group) {
            let member = Int(tables.members.items[index])
            let place = place(Int(bin[member]), group)
            if place == here { atHere &+= 1 }
            if place == there { atThere &+= 1 }
            if member == item { going &+= 1 }
            if member == out { coming &+= 1 }
        }
        if coming > 0 && item > out { return 0 }
        let most = tables.mostAtPlace[group]
        let change = going &- coming
        return Int64(max(0, atHere &- change &- most) &- max(0, atHere &- most))
            &+ Int64(max(0, atThere &+ change &- most) &- max(0, atThere &- most))
    }

    /// Two members that change places cover what they covered.
    private func coveredAfter(
        _ item: Int, to target: Int, exchangedFor out: Int, _ group: Int
    ) -> Int32 {
        let (here, there) = (place(Int(bin[item]), group), place(target, group))
        if here == there { return covered[group] }
        var (staysHere, isThere) = (false, false)
        for index in tables.members.indices(group) {
            let member = Int(tables.members.items[index])
            if member == out { return covered[group] }
            if member == item { continue }
            let place = place(Int(bin[member]), group)
            if place == here { staysHere = true }
            if place == there { isThere = true }
        }
        return covered[group] &+ (isThere ? 0 : 1) &- (staysHere ? 0 : 1)
    }

    /// Counts an item's going, before it goes; what that adds to the cost.
    func scatter(_ item: Int, to target: Int) -> Int64 {
        let delta = placesDelta(item, to: target)
        for index in tables.groupsOfItem.indices(item) {
            let group = Int(tables.groupsOfItem.items[index])
            if tables.mostPlaces[group] > 0 {
                covered[group] = coveredAfter(item, to: target, exchangedFor: -1, group)
            }
        }
        return delta
    }

    /// Counts the places of all groups; what those beyond the limits cost, and crowded ones.
    func countPlaces() -> Int64 {
        var (beyond, crowd) = (Int64(0), Int64(0))
        for group in 0..<tables.groups {
            let (seats, most) = (tables.mostAtPlace[group], tables.mostPlaces[group])
            guard most > 0 || seats > 0 && tables.crowdWeight != 0 else { continue }
            var present: [Int32: Int32] = [:]
            for index in tables.members.indices(group) {
                present[place(Int(bin[Int(tables.members.items[index])]), group), default: 0] += 1
            }
            covered[group] = Int32(present.count)
            if most > 0 { beyond += Int64(max(0, covered[group] - most)) }
            if seats > 0 { for count in present.values { crowd += Int64(max(0, count - seats)) } }
        }
        return beyond * tables.scatterWeight + crowd * tables.crowdWeight
    }
}
