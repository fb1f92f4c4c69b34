package import ClusterModel

/// When two samples may be subtracted from each other, and which results are believed.
///
/// The pure targets have no clock, so a step of the collector's clock can only be seen in what it
/// does to the numbers: time that stands still or runs backwards, and rates that no guest can have.
package struct RateRules: Hashable, Sendable {
    /// The collector's period: what is a gap depends on it.
    package var periodMilliseconds: Int64

    package init(periodMilliseconds: Int64 = 10_000) {
        precondition(periodMilliseconds > 0, "a period of \(periodMilliseconds) ms")
        self.periodMilliseconds = periodMilliseconds
    }

    /// Longer is a gap: five periods, and never more than ten minutes. The counters would still
    /// give a true mean over a gap, but a mean over hours hides the peaks that planning is for.
    package var longestInterval: Int64 { min(5 * periodMilliseconds, 600_000) }

    /// A host is full when it was busy for this many thousandths: the rest is the kernel's slack.
    package static let fullHost: Int64 = 950

    package func judge(from earlier: Timestamp, to later: Timestamp) -> SampleInterval {
        let elapsed = later.millisecondsSince(earlier)
        if elapsed <= 0 { return .clockStep }
        if elapsed > longestInterval { return .gap(milliseconds: elapsed) }
        return .usable(milliseconds: elapsed)
    }

    /// The most that a domain's counter can honestly grow: its virtual CPUs with a tenth for
    /// reading at not quite the same instant, and one CPU more because `cpu.time` includes the
    /// emulator's own threads. Without that one, a small guest with heavy I/O would lose all of its
    /// samples, and the busiest domains would look unknown.
    package static func plausibleCPU(vcpus: Int) -> MilliCPU {
        MilliCPU(Int64(min(max(0, vcpus), mostVCPUs)) * 1100 + 1000)
    }

    /// More than QEMU gives to any guest: where a sample says more, or nothing, this much is
    /// believed.
    package static let mostVCPUs = 8192
}

/// What the time between two samples is good for.
package enum SampleInterval: Hashable, Sendable {
    case usable(milliseconds: Int64)
    /// Nothing was sampled for so long that a mean would say nothing.
    case gap(milliseconds: Int64)
    /// The clock stood still or went back.
    case clockStep
}
