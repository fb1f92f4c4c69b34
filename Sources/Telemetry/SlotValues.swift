import ClusterModel

/// Gathers the rates of one object into slots and keeps only the rates of the present slot: memory
/// does not grow with the window.
struct SlotValues {
    private var current: [Int64] = []
    private var slot = 0
    private var closed: [Int64?]
    private var variances: [Int64?] = []
    private(set) var samples = 0
    private(set) var newest: Timestamp?

    init(slots: Int) { closed = Array(repeating: nil, count: slots) }

    /// Slots must not go back unless they are times of a period; a rate of an earlier slot, left by
    /// a clock step, counts in the present one.
    mutating func add(
        _ rate: Int64, at time: Timestamp, in window: SampleWindow, samples count: Int = 1
    ) {
        guard let slot = window.slot(of: time) else { return }
        if slot > self.slot || (slot < self.slot && window.periodMilliseconds != nil) {
            close(window, next: slot)
        }
        current.append(rate)
        samples += count
        newest = newest.map { max($0, time) } ?? time
    }

    private mutating func close(_ window: SampleWindow, next: Int) {
        let value =
            window.usesMean
            ? mean() : Percentile.nearestRank(window.percentile, of: &current)
        if let value {
            closed[slot] = max(value, closed[slot] ?? value)
            if window.deviationThousandths > 0 { keepVariance(around: value) }
        }
        current.removeAll(keepingCapacity: true)
        slot = next
    }

    private func mean() -> Int64? {
        current.isEmpty ? nil : current.reduce(0, +) / Int64(current.count)
    }

    /// Nothing strays by more than this: sums of its square over all domains fit.
    private static let most: Int64 = 10_000_000

    private mutating func keepVariance(around mean: Int64) {
        if variances.isEmpty { variances = Array(repeating: nil, count: closed.count) }
        let count = Int64(current.count)
        let sums = current.reduce(into: (whole: Int64(0), rest: Int64(0))) { sums, value in
            let stray = min(abs(value - mean), Self.most)
            let square = stray * stray
            sums.whole += square / count
            sums.rest += square % count
        }
        let variance = sums.whole + sums.rest / count
        variances[slot] = max(variance, variances[slot] ?? 0)
    }

    /// One value a slot, nil when there was none at all. A slot without a sample has the worst
    /// value that is known: nobody can say that the object was quieter then.
    mutating func finish(_ window: SampleWindow) -> [Int64]? {
        close(window, next: slot)
        guard let worst = closed.compactMap({ $0 }).max() else { return nil }
        return closed.map { $0 ?? worst }
    }

    /// What `finish` tells, with the variance of each slot where the window asks for it.
    mutating func demand(_ window: SampleWindow) -> Demand {
        guard let slots = finish(window) else { return .unknown }
        let worst = variances.compactMap(\.self).max()
        return Demand(
            cpu: slots.map { MilliCPU($0) },
            variance: worst.map { worst in variances.map { $0 ?? worst } }, samples: samples,
            newestSample: newest)
    }
}
