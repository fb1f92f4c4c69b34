/// What is counted of groups: who is on which bin, location and neighbourhood, and how many moved.
package struct GroupCounters {
    /// A bit for each bin that holds a member.
    private let onBin: UnsafeMutablePointer<UInt64>
    private let inLocation: UnsafeMutablePointer<Int32>
    private let covered: UnsafeMutablePointer<Int32>
    /// Locations a group may not fall below; where it starts lower, not below that.
    private let floor: UnsafeMutablePointer<Int32>
    private let inNeighborhood: UnsafeMutablePointer<Int32>
    private let moved: UnsafeMutablePointer<Int32>
    /// How many groups have this many moved members.
    private let groupsWithMoved: UnsafeMutablePointer<Int32>
    /// The largest number of moved members of one group.
    private(set) var mostMoved = 0

    init(_ tables: AssignmentTables, in arena: Arena) {
        onBin = arena.array(tables.apartRows * tables.words, of: 0)
        inLocation = arena.array(tables.spreadRows * tables.locations, of: 0)
        covered = arena.array(tables.spreadRows, of: 0)
        floor = arena.array(tables.spreadRows, of: 0)
        inNeighborhood = arena.array(tables.dependencyRows * tables.neighborhoods, of: 0)
        moved = arena.array(tables.groups, of: 0)
        groupsWithMoved = arena.array(tables.largestGroup + 2, of: 0)
    }

    mutating func clear(_ tables: AssignmentTables) {
        for index in 0..<(tables.apartRows * tables.words) { onBin[index] = 0 }
        for index in 0..<(tables.spreadRows * tables.locations) { inLocation[index] = 0 }
        for index in 0..<tables.spreadRows { covered[index] = 0 }
        for index in 0..<(tables.dependencyRows * tables.neighborhoods) {
            inNeighborhood[index] = 0
        }
        for index in 0..<tables.groups { moved[index] = 0 }
        for index in 0..<(tables.largestGroup + 2) { groupsWithMoved[index] = 0 }
        groupsWithMoved[0] = Int32(tables.groups)
        mostMoved = 0
        setFloors(tables) { _ in true }
    }

    /// A group may lose locations down to its minimum where this walk owns it, none otherwise.
    package func setFloors(_ tables: AssignmentTables, isOwner: (Int) -> Bool) {
        for group in 0..<tables.groups {
            let row = Int(tables.spreadRow[group])
            guard row >= 0 else { continue }
            floor[row] = isOwner(row) ? tables.minimumLocations[group] : covered[row]
        }
    }

    // MARK: Changing

    @inline(__always)
    func enter(_ item: Int, _ bin: Int, _ tables: AssignmentTables) {
        if tables.traits[item].isDisjoint(with: [.apart, .spread, .dependent]) { return }
        for index in tables.groupsOfItem.indices(item) {
            let group = Int(tables.groupsOfItem.items[index])
            let (apart, spread) = (Int(tables.apartRow[group]), Int(tables.spreadRow[group]))
            if apart >= 0 { onBin[apart &* tables.words &+ bin >> 6] |= 1 << UInt64(bin & 63) }
            if spread >= 0 {
                let cell = spread &* tables.locations &+ Int(tables.location[bin])
                inLocation[cell] &+= 1
                if inLocation[cell] == 1 { covered[spread] &+= 1 }
            }
            let row = Int(tables.dependencyRow[group])
            if row >= 0 {
                inNeighborhood[row &* tables.neighborhoods &+ Int(tables.neighborhood[bin])] &+= 1
            }
        }
    }

    /// `bins` already says where the item went.
    @inline(__always)
    func leave(
        _ item: Int, _ bin: Int, _ tables: AssignmentTables, _ bins: UnsafeMutablePointer<Int32>
    ) {
        if tables.traits[item].isDisjoint(with: [.apart, .spread, .dependent]) { return }
        for index in tables.groupsOfItem.indices(item) {
            let group = Int(tables.groupsOfItem.items[index])
            let (apart, spread) = (Int(tables.apartRow[group]), Int(tables.spreadRow[group]))
            if apart >= 0 && !holds(bin, group, tables, bins) {
                onBin[apart &* tables.words &+ bin >> 6] &= ~(1 << UInt64(bin & 63))
            }
            if spread >= 0 {
                let cell = spread &* tables.locations &+ Int(tables.location[bin])
                inLocation[cell] &-= 1
                if inLocation[cell] == 0 { covered[spread] &-= 1 }
            }
            let row = Int(tables.dependencyRow[group])
            if row >= 0 {
                inNeighborhood[row &* tables.neighborhoods &+ Int(tables.neighborhood[bin])] &-= 1
            }
        }
    }

    private func holds(
        _ bin: Int, _ group: Int, _ tables: AssignmentTables, _ bins: UnsafeMutablePointer<Int32>
    ) -> Bool {
        for index in tables.members.indices(group)
        where Int(bins[Int(tables.members.items[index])]) == bin {
            return true
        }
        return false
    }

    /// An item has left the bin where it started.
    @inline(__always)
    mutating func depart(_ item: Int, _ tables: AssignmentTables) {
        guard tables.traits[item].contains(.counted) else { return }
        for index in tables.groupsOfItem.indices(item) {
            let group = Int(tables.groupsOfItem.items[index])
            guard tables.isCounted[group] else { continue }
            let level = Int(moved[group])
            moved[group] &+= 1
            groupsWithMoved[level] &-= 1
            groupsWithMoved[level &+ 1] &+= 1
            mostMoved = max(mostMoved, level &+ 1)
        }
    }

    /// An item is back where it started.
    @inline(__always)
    mutating func comeBack(_ item: Int, _ tables: AssignmentTables) {
        guard tables.traits[item].contains(.counted) else { return }
        for index in tables.groupsOfItem.indices(item) {
            let group = Int(tables.groupsOfItem.items[index])
            guard tables.isCounted[group] else { continue }
            let level = Int(moved[group])
            moved[group] &-= 1
            groupsWithMoved[level] &-= 1
            groupsWithMoved[level &- 1] &+= 1
            if level == mostMoved && groupsWithMoved[level] == 0 { mostMoved &-= 1 }
        }
    }

    // MARK: Asking

    /// Whether a bin is free of members of the item's groups that are kept apart.
    @inline(__always)
    func isFree(_ bin: Int, for item: Int, _ tables: AssignmentTables) -> Bool {
        for index in tables.groupsOfItem.indices(item) {
            let row = Int(tables.apartRow[Int(tables.groupsOfItem.items[index])])
            if row >= 0, onBin[row &* tables.words &+ bin >> 6] >> UInt64(bin & 63) & 1 == 1 {
                return false
            }
        }
        return true
    }

    /// The same where `out` makes room: members of a group with it may take its place.
    func isFree(
        _ bin: Int, for item: Int, insteadOf out: Int, _ tables: AssignmentTables
    ) -> Bool {
        for index in tables.groupsOfItem.indices(item) {
            let group = tables.groupsOfItem.items[index]
            let row = Int(tables.apartRow[Int(group)])
            if row >= 0, onBin[row &* tables.words &+ bin >> 6] >> UInt64(bin & 63) & 1 == 1,
                !isMember(out, of: group, tables)
            {
                return false
            }
        }
        return true
    }

    @inline(__always)
    private func isMember(_ item: Int, of group: Int32, _ tables: AssignmentTables) -> Bool {
        for index in tables.groupsOfItem.indices(item)
        where tables.groupsOfItem.items[index] == group {
            return true
        }
        return false
    }

    /// Whether spread and dependencies allow a move, `out` coming the other way unless it is -1.
    ///
    /// An exchange between groups of which one needs the other is refused when it crosses
    /// neighbourhoods: each half could lean on the other. A spread that was broken at the start
    /// may stay as it is, and gets no worse.
    func allow(
        _ item: Int, from source: Int, to target: Int, exchangedFor out: Int,
        _ tables: AssignmentTables
    ) -> Bool {
        let (here, there) = (tables.location[source], tables.location[target])
        let (near, far) = (tables.neighborhood[source], tables.neighborhood[target])
        if here == there && near == far { return true }
        for index in tables.groupsOfItem.indices(item) {
            let group = Int(tables.groupsOfItem.items[index])
            let isShared = out >= 0 && isMember(out, of: Int32(group), tables)
            let row = Int(tables.spreadRow[group])
            if row >= 0 && here != there && !isShared {
                let cells = inLocation + row &* tables.locations
                var after = covered[row]
                if cells[Int(here)] == 1 { after &-= 1 }
                if cells[Int(there)] == 0 { after &+= 1 }
                if after < min(floor[row], covered[row]) { return false }
            }
            if tables.dependencyRow[group] >= 0 && near != far {
                if isShared && isAlone(item, tables) && isAlone(out, tables) { continue }
                guard !isShared, out < 0 || !isRelated(group, to: out, tables),
                    isServed(group, from: Int(near), to: Int(far), tables)
                else { return false }
            }
        }
        return true
    }

    @inline(__always)
    private func isAlone(_ item: Int, _ tables: AssignmentTables) -> Bool {
        tables.groupsOfItem.indices(item).count == 1
    }

    private func isRelated(_ group: Int, to item: Int, _ tables: AssignmentTables) -> Bool {
        guard tables.traits[item].contains(.dependent) else { return false }
        for index in tables.needs.indices(group)
        where isMember(item, of: tables.needs.items[index], tables) {
            return true
        }
        for index in tables.neededBy.indices(group)
        where isMember(item, of: tables.neededBy.items[index], tables) {
            return true
        }
        return false
    }

    /// A member finds what its group needs at the far end, and nobody is left behind without it.
    private func isServed(
        _ group: Int, from near: Int, to far: Int, _ tables: AssignmentTables
    ) -> Bool {
        for index in tables.needs.indices(group)
        where members(of: Int(tables.needs.items[index]), in: far, tables) == 0 {
            return false
        }
        guard members(of: group, in: near, tables) == 1 else { return true }
        for index in tables.neededBy.indices(group)
        where members(of: Int(tables.neededBy.items[index]), in: near, tables) > 0 {
            return false
        }
        return true
    }

    @inline(__always)
    private func members(of group: Int, in neighborhood: Int, _ tables: AssignmentTables) -> Int32 {
        inNeighborhood[Int(tables.dependencyRow[group]) &* tables.neighborhoods &+ neighborhood]
    }
}
