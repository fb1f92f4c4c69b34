import ClusterModel
import Planning

/// Splits the bins between two walks so that what one does cannot break a constraint of the other:
/// bins that share a location or a neighbourhood stay together where groups look at those.
struct BinPartition {
    /// Bins that stay together.
    private let parts: [[Int]]

    init(_ tables: AssignmentTables) {
        var root = Array(0..<tables.bins)
        func find(_ bin: Int) -> Int {
            var bin = bin
            while root[bin] != bin {
                root[bin] = root[root[bin]]
                bin = root[bin]
            }
            return bin
        }
        func join(_ labels: UnsafeMutablePointer<Int32>) {
            var first: [Int32: Int] = [:]
            for bin in 0..<tables.bins {
                if let other = first[labels[bin]] { root[find(bin)] = find(other) }
                first[labels[bin]] = bin
            }
        }
        if tables.spreadRows > 0 || tables.hasSeatsByLocation { join(tables.location) }
        if tables.dependencyRows > 0 { join(tables.neighborhood) }
        var parts: [Int: [Int]] = [:]
        for bin in 0..<tables.bins { parts[find(bin), default: []].append(bin) }
        self.parts = parts.sorted { $0.key < $1.key }.map(\.value)
    }

    var isPossible: Bool { parts.count > 1 }

    /// About half of the bins, drawn again; true for those of the first walk.
    func half(_ random: inout SplitMix64, of bins: Int) -> [Bool] {
        var isFirst = Array(repeating: false, count: bins)
        var taken = 0
        for part in parts.shuffled(using: &random) where 2 * taken < bins {
            for bin in part { isFirst[bin] = true }
            taken += part.count
        }
        return isFirst
    }
}
