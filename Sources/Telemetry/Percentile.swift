/// The nearest-rank percentile: always one of the values that were measured.
package enum Percentile {
    /// Sorts in place; nil for no values. O(n log n).
    package static func nearestRank(_ percent: Int, of values: inout [Int64]) -> Int64? {
        precondition((1...100).contains(percent), "percentile \(percent)")
        guard !values.isEmpty else { return nil }
        values.sort()
        let rank = (values.count * percent + 99) / 100
        return values[rank - 1]
    }
}
