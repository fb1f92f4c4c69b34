import ClusterModel

extension Bytes {
    /// More than any host has. What is above it is nonsense, and sums of it would overflow.
    static let mostPlausible = Plausible.memory

    /// nil for a negative, an absurd or a missing amount.
    static func plausible(
        _ count: Int64?, unit: Int64 = 1, upTo most: Bytes = mostPlausible
    ) -> Bytes? {
        guard let count, count >= 0 else { return nil }
        let (bytes, overflow) = count.multipliedReportingOverflow(by: unit)
        guard !overflow, bytes <= most.count else { return nil }
        return Bytes(bytes)
    }
}
