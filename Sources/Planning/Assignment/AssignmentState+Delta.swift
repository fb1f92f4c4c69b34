extension AssignmentState {
    /// The delta of a change that must not be.
    static var never: Int64 { Int64.max }

    /// What moving an item to another bin adds to the cost; `never` when it may not go there, or
    /// when it would add more than `limit`.
    @inline(__always)
    mutating func shiftDelta(_ item: Int, to target: Int, limit: Int64) -> Int64 {
        let source = Int(bin[item])
        if source == target || !fits(item, target) { return Self.never }
        let traits = tables.traits[item]
        if traits.contains(.apart) && !groups.isFree(target, for: item, tables) {
            return Self.never
        }
        var delta = costWithout(item, source) &- binCost[source]
        delta &+= tables.costOfPlace(item, target) &- tables.costOfPlace(item, source)
        let rebate = traits.isDisjoint(with: [.counted, .gathered]) ? 0 : tables.rebate
        if delta &- rebate &- binCost[target] > limit { return Self.never }
        delta &+= costWith(item, target) &- binCost[target]
        if traits.contains(.counted) { delta &+= groupMoveDelta(item, source, target) }
        if traits.contains(.gathered) { delta &+= placesDelta(item, to: target) }
        if delta > limit { return Self.never }
        if traits.contains(.confined) && !isAllowed(item, target) { return Self.never }
        return allowsInGroups(item, traits, from: source, to: target, exchangedFor: -1)
            ? delta : Self.never
    }

    /// What exchanging two items adds to the cost; `never` as for a shift.
    @inline(__always)
    mutating func swapDelta(_ left: Int, _ right: Int, limit: Int64) -> Int64 {
        let (source, target) = (Int(bin[left]), Int(bin[right]))
        if source == target { return Self.never }
        if !fits(left, insteadOf: right, target) || !fits(right, insteadOf: left, source) {
            return Self.never
        }
        let (one, other) = (tables.traits[left], tables.traits[right])
        if one.contains(.apart) && !groups.isFree(target, for: left, insteadOf: right, tables) {
            return Self.never
        }
        if other.contains(.apart) && !groups.isFree(source, for: right, insteadOf: left, tables) {
            return Self.never
        }
        var delta = tables.costOfPlace(left, target) &- tables.costOfPlace(left, source)
        delta &+= tables.costOfPlace(right, source) &- tables.costOfPlace(right, target)
        delta &-= binCost[source] &+ binCost[target]
        let either = one.union(other)
        let rebate = either.isDisjoint(with: [.counted, .gathered]) ? 0 : 2 &* tables.rebate
        if delta &- rebate > limit { return Self.never }
        delta &+= costExchanging(right, for: left, target)
        if delta &- rebate > limit { return Self.never }
        delta &+= costExchanging(left, for: right, source)
        if either.contains(.counted) {
            delta &+= groupMoveDelta(left, source, target, right)
        }
        if either.contains(.gathered) {
            delta &+= placesDelta(left, to: target, exchangedFor: right)
            delta &+= placesDelta(right, to: source, exchangedFor: left)
        }
        if delta > limit { return Self.never }
        return isPermitted(left, right, source, target) ? delta : Self.never
    }

    /// The rarer constraints of an exchange.
    private func isPermitted(_ left: Int, _ right: Int, _ source: Int, _ target: Int) -> Bool {
        let (one, other) = (tables.traits[left], tables.traits[right])
        if one.contains(.confined) && !isAllowed(left, target) { return false }
        if other.contains(.confined) && !isAllowed(right, source) { return false }
        return allowsInGroups(left, one, from: source, to: target, exchangedFor: right)
            && allowsInGroups(right, other, from: target, to: source, exchangedFor: left)
    }

    /// Spread, dependencies and seats.
    @inline(__always)
    private func allowsInGroups(
        _ item: Int, _ traits: ItemTraits, from source: Int, to target: Int, exchangedFor out: Int
    ) -> Bool {
        if traits.isDisjoint(with: [.spread, .dependent, .seated]) { return true }
        if traits.contains(.seated) && !hasSeat(item, at: target, insteadOf: out) { return false }
        return traits.isDisjoint(with: [.spread, .dependent])
            || groups.allow(item, from: source, to: target, exchangedFor: out, tables)
    }

    func isAllowed(_ item: Int, _ target: Int) -> Bool {
        if Int(tables.origin[item]) == target { return true }
        let word = Int(tables.allowedRow[item]) * tables.words + target >> 6
        return tables.allowed[word] >> UInt64(target & 63) & 1 == 1
    }

    /// What leaving and coming home do to the largest number of moved members of a group.
    @inline(__always)
    private mutating func groupMoveDelta(
        _ item: Int, _ source: Int, _ target: Int, _ other: Int = -1
    ) -> Int64 {
        let home = Int(tables.origin[item])
        let step = home == source ? 1 : home == target ? -1 : 0
        let otherHome = other < 0 ? -1 : Int(tables.origin[other])
        let otherStep = other < 0 ? 0 : otherHome == target ? 1 : otherHome == source ? -1 : 0
        if step == 0 && otherStep == 0 { return 0 }
        let before = groups.mostMoved
        count(item, step)
        count(other, otherStep)
        let after = groups.mostMoved
        count(other, -otherStep)
        count(item, -step)
        return tables.groupMoveWeight &* Int64(after &- before)
    }

    private mutating func count(_ item: Int, _ step: Int) {
        if step > 0 { groups.depart(item, tables) }
        if step < 0 { groups.comeBack(item, tables) }
    }
}

extension AssignmentState {
    /// Whether everything but room lets an item go to a bin.
    func mayEnter(_ item: Int, _ target: Int) -> Bool {
        let traits = tables.traits[item]
        if traits.contains(.apart) && !groups.isFree(target, for: item, tables) { return false }
        if traits.contains(.confined) && !isAllowed(item, target) { return false }
        return allowsInGroups(
            item, traits, from: Int(bin[item]), to: target, exchangedFor: -1)
    }

    /// A resource that a bin has too little of, and how much too little.
    func shortage(_ bin: Int) -> (resource: Int, amount: Int64)? {
        let room = room + bin &* tables.width
        for resource in 0..<tables.width where room[resource] < 0 {
            return (resource, -room[resource])
        }
        return nil
    }

    /// What an item's going would free of a resource where it is.
    @inline(__always)
    func freed(_ item: Int, _ resource: Int) -> Int64 {
        let isKept = resource >= tables.plainWidth && bin[item] == tables.origin[item]
        return isKept ? 0 : tables.need[item &* tables.width &+ resource]
    }
}
