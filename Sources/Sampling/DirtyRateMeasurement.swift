package import ClusterModel
package import HypervisorInterface

/// Measures how a domain rewrites its memory: a short window for the hot set, then a longer one for
/// what is written slowly.
package enum DirtyRateMeasurement {
    package static let shortSeconds = 1
    package static let longSeconds = 4
    /// What both take, with reading them.
    package static let milliseconds: Int64 = 6000

    /// nil when it could not be measured: missing is missing, never zero.
    package static func measure(
        _ domain: DomainID, with probe: any DirtyRateProbe, now: @Sendable () -> Timestamp
    ) async -> DirtyRatesReading? {
        guard let short = await window(shortSeconds, domain, probe),
            let long = await window(longSeconds, domain, probe)
        else { return nil }
        return DirtyRatesReading(domain: domain, at: now(), short: short, long: long)
    }

    private static func window(
        _ seconds: Int, _ domain: DomainID, _ probe: any DirtyRateProbe
    ) async -> DirtyRates.Window? {
        guard let rate = try? await probe.writeRate(of: domain, seconds: seconds) else {
            return nil
        }
        return DirtyRates.Window(milliseconds: Int64(seconds) * 1000, rate: rate)
    }
}
