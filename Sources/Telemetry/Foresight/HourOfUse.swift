package import ClusterModel

/// What one domain used in one hour of the clock: the unit that demand is foreseen by. The database
/// keeps hours for years.
package struct HourOfUse: Hashable, Sendable {
    /// Hours since 1970, in UTC.
    package var number: Int64
    /// Thousandths of a CPU: the mean of the hour, and the 95th percentile of its samples.
    package var mean: Int64
    package var p95: Int64
    package var samples: Int

    package init(number: Int64, mean: Int64, p95: Int64, samples: Int) {
        self.number = number
        self.mean = mean
        self.p95 = p95
        self.samples = samples
    }

    static let milliseconds: Int64 = 3_600_000

    /// The hour that a rate counts in which was measured up to this moment: an hour includes its
    /// end and not its start.
    package static func number(of time: Timestamp) -> Int64 {
        (time.milliseconds - 1).flooredDivision(by: milliseconds).quotient
    }

    package var start: Timestamp { Timestamp(milliseconds: number * Self.milliseconds) }
    package var end: Timestamp { start.advanced(byMilliseconds: Self.milliseconds) }

    /// How far its samples strayed from its mean: squared thousandths of a CPU. In a normal
    /// distribution 95 % lie below 1.645 deviations above the mean.
    var variance: Double {
        let deviation = Double(max(0, p95 - mean)) / 1.645
        return deviation * deviation
    }
}

/// Gathers the rates of one domain by the hour and keeps only the rates of the present one.
package struct HourlyUse: Sendable {
    private var current: [Int32] = []
    private var number = Int64.min
    /// The last hour that a row of a tier told of whole.
    private var rolledUp = Int64.min
    private var closed: [HourOfUse] = []
    package private(set) var newest: Timestamp?

    package init() {}

    /// A rate of an earlier hour, left by a clock step, counts in the present one; of an hour that
    /// is there already, as a row of a tier, it is part.
    package mutating func add(_ rate: Int64, at time: Timestamp) {
        let number = HourOfUse.number(of: time)
        guard number > rolledUp else { return }
        if number > self.number {
            close()
            self.number = number
        }
        current.append(Int32(clamping: rate))
        newest = newest.map { max($0, time) } ?? time
    }

    /// What a tier keeps of an hour; a domain that moved in it has one row for each host.
    package mutating func add(_ summary: Summary, until end: Timestamp, samples: Int) {
        close()
        let number = HourOfUse.number(of: end)
        self.number = max(number, self.number)
        rolledUp = self.number
        append(HourOfUse(number: number, mean: summary.mean, p95: summary.p95, samples: samples))
        newest = newest.map { max($0, end) } ?? end
    }

    private mutating func close() {
        var rates = current.map { Int64($0) }
        current.removeAll(keepingCapacity: true)
        guard let p95 = Percentile.nearestRank(95, of: &rates) else { return }
        append(
            HourOfUse(
                number: number, mean: rates.reduce(0, +) / Int64(rates.count), p95: p95,
                samples: rates.count))
    }

    private mutating func append(_ hour: HourOfUse) {
        guard let last = closed.last, last.number == hour.number else {
            closed.append(hour)
            return
        }
        let count = max(1, last.samples + hour.samples)
        closed[closed.count - 1] = HourOfUse(
            number: hour.number,
            mean: (last.mean * Int64(last.samples) + hour.mean * Int64(hour.samples))
                / Int64(count), p95: max(last.p95, hour.p95), samples: count)
    }

    /// In order of time, the present hour as far as it was measured included.
    package mutating func hours() -> [HourOfUse] {
        close()
        return closed
    }
}
