/// A placement with everything the search asks of it kept up to date: room, soft terms, members,
/// counters of groups and the cost. Changing it takes time for the two bins concerned alone.
///
/// Raw arrays and no copies: the search evaluates millions of changes a second. A debug build
/// compares with a count from scratch as it goes.
package struct AssignmentState: ~Copyable {
    let tables: AssignmentTables
    private let arena: Arena
    /// For the comparison of a debug build.
    private let problem: AssignmentProblem

    private(set) var cost: Int64 = 0
    /// Changes made so far.
    private(set) var changes = 0

    package let bin: UnsafeMutablePointer<Int32>
    /// What more fits on each bin, transient resources of departed items taken off.
    let room: UnsafeMutablePointer<Int64>
    /// Each hinge of each bin, negative when it costs nothing.
    let excess: UnsafeMutablePointer<Int64>
    let binCost: UnsafeMutablePointer<Int64>
    let count: UnsafeMutablePointer<Int32>
    /// A number that no bin had before, given whenever a bin changes, so that what was worked out
    /// about an item's bin can be kept until then.
    let version: UnsafeMutablePointer<Int64>
    private var versions: Int64 = 0
    /// What a bin costs without an item, as of a version of the bin.
    private let without: UnsafeMutablePointer<Int64>
    private let withoutVersion: UnsafeMutablePointer<Int64>

    /// Items of each bin, as a ring through `next`; -1 when there are none.
    let first: UnsafeMutablePointer<Int32>
    let next: UnsafeMutablePointer<Int32>
    private let previous: UnsafeMutablePointer<Int32>

    package var groups: GroupCounters
    /// Places that each group covers, where that costs anything.
    let covered: UnsafeMutablePointer<Int32>

    init(_ problem: AssignmentProblem, _ tables: AssignmentTables, at bins: [Int]) {
        let arena = Arena()
        self.arena = arena
        self.problem = problem
        self.tables = tables
        bin = arena.array(bins.map(Int32.init), or: 0)
        room = arena.array(tables.bins * tables.width, of: 0)
        excess = arena.array(tables.bins * tables.hinges, of: 0)
        binCost = arena.array(tables.bins, of: 0)
        count = arena.array(tables.bins, of: 0)
        version = arena.array(tables.bins, of: 0)
        without = arena.array(tables.items, of: 0)
        withoutVersion = arena.array(tables.items, of: -1)
        first = arena.array(tables.bins, of: -1)
        next = arena.array(tables.items, of: -1)
        previous = arena.array(tables.items, of: -1)
        groups = GroupCounters(tables, in: arena)
        covered = arena.array(tables.groups, of: 0)
        load()
    }

    /// Where everything is.
    var placement: [Int] { (0..<tables.items).map { Int(bin[$0]) } }

    /// Fills all tables from `bin`.
    private mutating func load() {
        for index in 0..<(tables.bins * tables.width) { room[index] = tables.capacity[index] }
        for index in 0..<(tables.bins * tables.hinges) {
            excess[index] = tables.hingeOffset[index]
        }
        for bin in 0..<tables.bins {
            first[bin] = -1
            count[bin] = 0
            versions += 1
            version[bin] = versions
        }
        cost = 0
        groups.clear(tables)
        for item in 0..<tables.items {
            let (here, home) = (Int(bin[item]), Int(tables.origin[item]))
            let (room, left) = (room + here * tables.width, room + home * tables.width)
            let need = tables.need + item * tables.width
            for resource in 0..<tables.width {
                room[resource] -= need[resource]
                if resource >= tables.plainWidth && here != home {
                    left[resource] -= need[resource]
                }
            }
            let (excess, load) = (excess + here * tables.hinges, tables.load + item * tables.hinges)
            for hinge in 0..<tables.hinges { excess[hinge] += load[hinge] }
            link(item, here)
            groups.enter(item, here, tables)
            if here != home { groups.depart(item, tables) }
            cost += tables.costOfPlace(item, here)
        }
        for bin in 0..<tables.bins {
            binCost[bin] = currentCost(bin)
            cost += binCost[bin]
        }
        cost += tables.groupMoveWeight * Int64(groups.mostMoved) + countPlaces()
    }

    /// Makes this the given placement, however far it is.
    mutating func replace(by placement: UnsafePointer<Int32>) {
        for item in 0..<tables.items { bin[item] = placement[item] }
        load()
    }

    private func currentCost(_ bin: Int) -> Int64 {
        var cost: Int64 = 0
        for hinge in 0..<tables.hinges {
            cost &+= max(0, excess[bin * tables.hinges + hinge])
        }
        return cost
    }

    private func link(_ item: Int, _ bin: Int) {
        let head = first[bin]
        count[bin] &+= 1
        guard head >= 0 else {
            first[bin] = Int32(item)
            next[item] = Int32(item)
            previous[item] = Int32(item)
            return
        }
        let last = previous[Int(head)]
        next[item] = head
        previous[item] = last
        next[Int(last)] = Int32(item)
        previous[Int(head)] = Int32(item)
    }

    private func unlink(_ item: Int, _ bin: Int) {
        let (before, after) = (previous[item], next[item])
        count[bin] &-= 1
        next[Int(before)] = after
        previous[Int(after)] = before
        if Int(first[bin]) == item { first[bin] = count[bin] > 0 ? after : -1 }
    }

    // MARK: Changing

    /// Puts an item on another bin, whatever that does; `shiftDelta` says whether it may.
    mutating func move(_ item: Int, to target: Int) {
        let source = Int(bin[item])
        if source == target { return }
        let home = Int(tables.origin[item])
        let need = tables.need + item &* tables.width
        let (out, into) = (room + source &* tables.width, room + target &* tables.width)
        for resource in 0..<tables.plainWidth {
            out[resource] &+= need[resource]
            into[resource] &-= need[resource]
        }
        for resource in tables.plainWidth..<tables.width {
            if source != home { out[resource] &+= need[resource] }
            if target != home { into[resource] &-= need[resource] }
        }
        let load = tables.load + item &* tables.hinges
        let (less, more) = (excess + source &* tables.hinges, excess + target &* tables.hinges)
        for hinge in 0..<tables.hinges {
            less[hinge] &-= load[hinge]
            more[hinge] &+= load[hinge]
        }
        if tables.traits[item].contains(.gathered) { cost &+= scatter(item, to: target) }
        unlink(item, source)
        link(item, target)
        bin[item] = Int32(target)
        version[source] = versions &+ 1
        version[target] = versions &+ 2
        versions &+= 2

        cost &-= binCost[source] &+ binCost[target]
        binCost[source] = currentCost(source)
        binCost[target] = currentCost(target)
        cost &+= binCost[source] &+ binCost[target]
        cost &+= tables.costOfPlace(item, target) &- tables.costOfPlace(item, source)
        cost &-= tables.groupMoveWeight &* Int64(groups.mostMoved)
        groups.leave(item, source, tables, bin)
        groups.enter(item, target, tables)
        if source == home { groups.depart(item, tables) }
        if target == home { groups.comeBack(item, tables) }
        cost &+= tables.groupMoveWeight &* Int64(groups.mostMoved)
        changes &+= 1
        assert(agreesWithProblem, "increments differ from a count from scratch")
    }

    /// Now and then, or always when there is little to count: a count from scratch.
    private var agreesWithProblem: Bool {
        guard tables.items <= 32 || changes % 512 == 0 else { return true }
        return cost == problem.cost(of: placement)
    }

    // MARK: Parts of a delta

    /// What a bin costs without one of its items.
    @inline(__always)
    func costWithout(_ item: Int, _ source: Int) -> Int64 {
        if withoutVersion[item] == version[source] { return without[item] }
        var cost: Int64 = 0
        let (excess, load) = (excess + source &* tables.hinges, tables.load + item &* tables.hinges)
        for hinge in 0..<tables.hinges { cost &+= max(0, excess[hinge] &- load[hinge]) }
        without[item] = cost
        withoutVersion[item] = version[source]
        return cost
    }

    /// What a bin would cost with one item more.
    @inline(__always)
    func costWith(_ item: Int, _ target: Int) -> Int64 {
        var cost: Int64 = 0
        let (excess, load) = (excess + target &* tables.hinges, tables.load + item &* tables.hinges)
        for hinge in 0..<tables.hinges { cost &+= max(0, excess[hinge] &+ load[hinge]) }
        return cost
    }

    /// What a bin would cost with one item in the place of another.
    @inline(__always)
    func costExchanging(_ out: Int, for item: Int, _ target: Int) -> Int64 {
        var cost: Int64 = 0
        let excess = excess + target &* tables.hinges
        let (load, less) = (tables.load + item &* tables.hinges, tables.load + out &* tables.hinges)
        for hinge in 0..<tables.hinges {
            cost &+= max(0, excess[hinge] &+ load[hinge] &- less[hinge])
        }
        return cost
    }

    /// Whether a bin has room for one item more.
    @inline(__always)
    func fits(_ item: Int, _ target: Int) -> Bool {
        let (room, need) = (room + target &* tables.width, tables.need + item &* tables.width)
        for resource in 0..<tables.plainWidth
        where need[resource] > room[resource] && need[resource] > 0 {
            return false
        }
        if Int(tables.origin[item]) == target { return true }
        for resource in tables.plainWidth..<tables.width
        where need[resource] > room[resource] && need[resource] > 0 {
            return false
        }
        return true
    }

    /// Whether a bin has room for one item in the place of another.
    @inline(__always)
    func fits(_ item: Int, insteadOf out: Int, _ target: Int) -> Bool {
        let room = room + target &* tables.width
        let (need, freed) = (tables.need + item &* tables.width, tables.need + out &* tables.width)
        for resource in 0..<tables.plainWidth
        where need[resource] > room[resource] &+ freed[resource] && need[resource] > freed[resource]
        {
            return false
        }
        if Int(tables.origin[item]) == target { return true }
        let mask: Int64 = Int(tables.origin[out]) == target ? 0 : -1
        for resource in tables.plainWidth..<tables.width {
            let freed = freed[resource] & mask
            if need[resource] > room[resource] &+ freed && need[resource] > freed { return false }
        }
        return true
    }
}
