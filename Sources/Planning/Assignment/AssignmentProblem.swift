/// Items onto bins, stated as data: what must hold, and what each thing that is not ideal costs.
///
/// Domains onto hosts is one reading, processes onto machines another; nothing here knows which.
/// Tables are flat rows: `demand[item * resources + resource]`, `capacity[bin * resources +
/// resource]`. Weights and amounts are exact integers, and so is every cost.
package struct AssignmentProblem: Sendable {
    /// `weight` for each unit of a resource above a level of each bin, or below it.
    package struct Threshold: Sendable {
        package var resource: Int
        package var weight: Int64
        /// One level for each bin.
        package var level: [Int64]
        /// Is it what lies below the level that counts?
        package var isFloor = false

        package init(resource: Int, weight: Int64, level: [Int64]) {
            self.resource = resource
            self.weight = weight
            self.level = level
        }
    }

    /// `weight` for each unit of `target * free(first) - free(second)` above zero, on each bin:
    /// what is free of one resource is useless without some of the other.
    package struct Balance: Sendable {
        package var first: Int
        package var second: Int
        package var target: Int64
        package var weight: Int64

        package init(first: Int, second: Int, target: Int64, weight: Int64) {
            self.first = first
            self.second = second
            self.target = target
            self.weight = weight
        }
    }

    /// Items that belong together in some way. An item may be in several groups.
    package struct Group: Sendable {
        package var members: [Int]
        /// No two of them on one bin.
        package var isApart = false
        /// They cover at least this many locations.
        package var minimumLocations = 0
        /// Groups of which each member has a member in its own neighbourhood.
        package var needs: [Int] = []
        /// Whether the number of its members that moved counts for `groupMoveWeight`.
        package var countsMoves = false
        /// At most this many of them at one place, or as many as started there; 0 for any number.
        /// An item that is listed twice counts twice.
        package var mostAtPlace = 0
        /// Each place that they cover beyond this many costs `scatterWeight`; 0 for none.
        package var mostPlaces = 0
        /// Is a place a location? If not, a bin.
        package var placesAreLocations = false

        package init(members: [Int]) { self.members = members }
    }

    /// A set of bins, as bits.
    package struct BinSet: Sendable, Hashable {
        package private(set) var words: [UInt64]

        package init(_ bins: [Int], of binCount: Int) {
            words = Array(repeating: 0, count: (binCount + 63) / 64)
            for bin in bins { words[bin >> 6] |= 1 << UInt64(bin & 63) }
        }

        package mutating func remove(_ bin: Int) { words[bin >> 6] &= ~(1 << UInt64(bin & 63)) }

        package mutating func formIntersection(_ other: BinSet) {
            for index in words.indices { words[index] &= other.words[index] }
        }

        package func contains(_ bin: Int) -> Bool { words[bin >> 6] >> UInt64(bin & 63) & 1 == 1 }
    }

    package let itemCount: Int
    package let binCount: Int
    package let resourceCount: Int
    package var demand: [Int64]
    package var capacity: [Int64]
    /// Where each item is at the start.
    package var origin: [Int]
    /// Resources that a moved item holds at both ends.
    package var isTransient: [Bool]

    package var location: [Int]
    package var neighborhood: [Int]
    package var groups: [Group] = []
    /// Sets of bins that items may be kept to, and which one each item is kept to, if any. An item
    /// may always stay where it started.
    package var binSets: [BinSet] = []
    package var allowedSet: [Int?]

    package var thresholds: [Threshold] = []
    package var balances: [Balance] = []
    /// What it costs that an item is not where it started; below zero where it should leave.
    package var moveCost: [Int64]
    /// Times the largest number of moved members over the groups that count them.
    package var groupMoveWeight: Int64 = 0
    /// Times the places that groups cover beyond what they should.
    package var scatterWeight: Int64 = 0
    /// Times the members at a place beyond `mostAtPlace`, which only those that started there can
    /// be.
    package var crowdWeight: Int64 = 0
    /// Times the entry of `pairCost` for where an item started and where it is.
    package var pairWeight: Int64 = 0
    /// One row for each bin of departure; empty for none.
    package var pairCost: [UInt32] = []

    package init(
        resources: Int, capacity: [Int64], demand: [Int64], origin: [Int]
    ) {
        precondition(resources > 0 && capacity.count % resources == 0, "rows of resources")
        precondition(demand.count == origin.count * resources, "a row of demand for each item")
        resourceCount = resources
        binCount = capacity.count / resources
        itemCount = origin.count
        self.capacity = capacity
        self.demand = demand
        self.origin = origin
        isTransient = Array(repeating: false, count: resources)
        location = Array(0..<binCount)
        neighborhood = Array(repeating: 0, count: binCount)
        allowedSet = Array(repeating: nil, count: origin.count)
        moveCost = Array(repeating: 0, count: origin.count)
    }

    /// Is there any bin that an item may go to?
    package func mayMove(_ item: Int) -> Bool {
        guard let set = allowedSet[item] else { return binCount > 1 }
        var others = binSets[set]
        others.remove(origin[item])
        return others.words.contains { $0 != 0 }
    }
}
