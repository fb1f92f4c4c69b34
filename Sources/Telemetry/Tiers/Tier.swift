package import ClusterModel

/// A coarser record of the past than raw samples: one row for each object and stretch of time.
///
/// The raw value of a case is its number in the database.
package enum Tier: Int, CaseIterable, Sendable {
    case minute = 1
    case fiveMinutes = 2
    case hour = 3

    package var milliseconds: Int64 {
        switch self {
        case .minute: 60_000
        case .fiveMinutes: 300_000
        case .hour: 3_600_000
        }
    }

    /// Where the stretch begins that a measurement up to this moment counts in; it includes its end
    /// and not its start, as the windows of demand do.
    package func start(of time: Timestamp) -> Timestamp {
        let (number, _) = (time.milliseconds - 1).flooredDivision(by: milliseconds)
        return Timestamp(milliseconds: number * milliseconds)
    }
}

/// What is kept of a domain in the tiers. Order and names are those of the database's columns.
package enum DomainMetric: String, CaseIterable, Sendable {
    /// Thousandths of a CPU, as `DomainRates` has them.
    case cpu, vcpuWait, vcpuDelay
    /// Bytes: resident in the host, else what the balloon leaves the guest.
    case memory
    /// Bytes a second.
    case blockRead, blockWritten, networkReceived, networkSent, dirtyRate
}

/// What is kept of a host in the tiers.
package enum HostMetric: String, CaseIterable, Sendable {
    /// Thousandths of all its CPUs.
    case busy
    /// Bytes that are neither free nor page cache.
    case memoryUsed
}

/// Mean, 95th percentile (nearest rank) and maximum of the values of a stretch.
package struct Summary: Hashable, Sendable {
    package var mean: Int64
    package var p95: Int64
    package var max: Int64

    package init(mean: Int64, p95: Int64, max: Int64) {
        (self.mean, self.p95, self.max) = (mean, p95, max)
    }

    /// The kept figure that says most about what the window asks for, never less than it.
    func value(in window: SampleWindow) -> Int64 {
        window.usesMean ? mean : window.percentile <= 95 ? p95 : max
    }

    /// Nil for no values.
    init?(of values: inout [Int64]) {
        guard let p95 = Percentile.nearestRank(95, of: &values), let max = values.last
        else { return nil }
        // In two parts: a sum of bytes a second may not fit, its mean does.
        let count = Int64(values.count)
        let whole = values.reduce(0) { $0 + $1 / count }
        let rest = values.reduce(0) { $0 + $1 % count }
        self.init(mean: whole + rest / count, p95: p95, max: max)
    }
}

/// One row of a tier.
package struct TierRow: Hashable, Sendable {
    /// Whose row it is. While a domain migrates both hosts report it.
    package enum Object: Hashable, Sendable {
        case host(HostName)
        case domain(DomainID, on: HostName)
    }

    package var tier: Tier
    package var start: Timestamp
    package var object: Object
    /// Looks that found the object in this stretch.
    package var samples: Int
    /// In order of `HostMetric` or `DomainMetric`; nil where nothing was measured.
    package var values: [Summary?]

    package init(
        tier: Tier, start: Timestamp, object: Object, samples: Int, values: [Summary?]
    ) {
        self.tier = tier
        self.start = start
        self.object = object
        self.samples = samples
        self.values = values
    }

    package var end: Timestamp { start.advanced(byMilliseconds: tier.milliseconds) }
}
