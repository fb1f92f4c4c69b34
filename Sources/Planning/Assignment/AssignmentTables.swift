/// A list of lists in two flat arrays.
struct FlatLists {
    let start: UnsafeMutablePointer<Int32>
    let items: UnsafeMutablePointer<Int32>

    init(_ lists: [[Int]], in arena: Arena) {
        start = arena.array(lists.count + 1, of: 0)
        items = arena.array(lists.reduce(0) { $0 + $1.count }, of: 0)
        var next = 0
        for (index, list) in lists.enumerated() {
            for item in list {
                items[next] = Int32(item)
                next += 1
            }
            start[index + 1] = Int32(next)
        }
    }

    @inline(__always)
    func indices(_ list: Int) -> Range<Int> { Int(start[list])..<Int(start[list + 1]) }
}

/// Owns raw arrays and frees them together. The search's inner loops read and write them without
/// reference counts, copies or checks.
package final class Arena {
    private var owned: [UnsafeMutableRawPointer] = []

    package init() {}

    func array<Element: BitwiseCopyable>(
        _ count: Int, of value: Element
    ) -> UnsafeMutablePointer<Element> {
        let pointer = UnsafeMutablePointer<Element>.allocate(capacity: max(1, count))
        pointer.initialize(repeating: value, count: max(1, count))
        owned.append(UnsafeMutableRawPointer(pointer))
        return pointer
    }

    func array<Element: BitwiseCopyable>(
        _ values: [Element], or nothing: Element
    ) -> UnsafeMutablePointer<Element> {
        let pointer = array(values.count, of: nothing)
        for (index, value) in values.enumerated() { pointer[index] = value }
        return pointer
    }

    deinit { for pointer in owned { pointer.deallocate() } }
}

/// What concerns an item, so that an inner loop skips what does not.
struct ItemTraits: OptionSet {
    let rawValue: UInt8
    static let apart = ItemTraits(rawValue: 1)
    static let spread = ItemTraits(rawValue: 2)
    static let dependent = ItemTraits(rawValue: 4)
    static let counted = ItemTraits(rawValue: 8)
    static let confined = ItemTraits(rawValue: 16)
    static let seated = ItemTraits(rawValue: 32)
    static let gathered = ItemTraits(rawValue: 64)
}

/// The problem as the inner loops want it; never changes once it is built.
///
/// Every soft term on a bin's load is one hinge: `max(0, offset + sum of the items' loads)`,
/// weights multiplied in. Thresholds and balances of two resources are both of that form. Resources
/// that count at one end come first, the transient ones after them, the tightest first in both.
package struct AssignmentTables {
    package let items: Int
    package let bins: Int
    /// Resources, and how many of them are not transient.
    let width: Int
    let plainWidth: Int
    let need: UnsafeMutablePointer<Int64>
    let capacity: UnsafeMutablePointer<Int64>
    let hinges: Int
    let load: UnsafeMutablePointer<Int64>
    let hingeOffset: UnsafeMutablePointer<Int64>

    let origin: UnsafeMutablePointer<Int32>
    let moveCost: UnsafeMutablePointer<Int64>
    let hasPairs: Bool
    let pairWeight: Int64
    let pairCost: UnsafeMutablePointer<UInt32>

    let traits: UnsafeMutablePointer<ItemTraits>
    let groupsOfItem: FlatLists
    let members: FlatLists
    let needs: FlatLists
    let neededBy: FlatLists
    /// Row of a group in the counters of each constraint, or -1.
    let apartRow: UnsafeMutablePointer<Int32>
    let spreadRow: UnsafeMutablePointer<Int32>
    let dependencyRow: UnsafeMutablePointer<Int32>
    let isCounted: UnsafeMutablePointer<Bool>
    let minimumLocations: UnsafeMutablePointer<Int32>
    let apartRows: Int
    package let spreadRows: Int
    package let dependencyRows: Int
    let groupMoveWeight: Int64
    let mostAtPlace: UnsafeMutablePointer<Int32>
    let mostPlaces: UnsafeMutablePointer<Int32>
    let placesAreLocations: UnsafeMutablePointer<Bool>
    let scatterWeight: Int64
    let crowdWeight: Int64
    /// Does some group look at locations for its seats?
    package let hasSeatsByLocation: Bool
    /// The most that one item's change can save in groups' terms.
    let rebate: Int64
    let largestGroup: Int
    let groups: Int

    package let location: UnsafeMutablePointer<Int32>
    package let neighborhood: UnsafeMutablePointer<Int32>
    let locations: Int
    let neighborhoods: Int
    /// Words of a set of bins.
    let words: Int
    let allowedRow: UnsafeMutablePointer<Int32>
    let allowed: UnsafeMutablePointer<UInt64>

    @inline(__always)
    func costOfPlace(_ item: Int, _ bin: Int) -> Int64 {
        let home = Int(origin[item])
        if home == bin { return 0 }
        if !hasPairs { return moveCost[item] }
        return moveCost[item] &+ pairWeight &* Int64(pairCost[home &* bins &+ bin])
    }
}
