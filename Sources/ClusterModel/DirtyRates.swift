/// How a guest rewrites its memory, from two windows: pages that are written again and again fill
/// the short one, and what a longer one finds beyond them is written slowly.
///
/// One rate would not do: it falls with the length of the window it was measured in, because a page
/// that is written twice counts once. Source: Kherbache et al., "Scheduling live-migrations for
/// fast, adaptable and energy-efficient relocation operations" (UCC 2015).
package struct DirtyRates: Hashable, Codable, Sendable {
    /// What was measured: a rate over a time.
    package struct Window: Hashable, Codable, Sendable {
        package var milliseconds: Int64
        /// Bytes a second.
        package var rate: Bytes

        package init(milliseconds: Int64, rate: Bytes) {
            self.milliseconds = milliseconds
            self.rate = rate
        }

        var rewritten: Double { Double(rate.count) * Double(milliseconds) / 1000 }
    }

    /// What is rewritten within `hotMilliseconds`.
    package var hotSet: Bytes
    package var hotMilliseconds: Int64
    /// Bytes a second that come to it after that.
    package var coldRate: Bytes
    /// When it was measured; nil when it was given and not measured.
    package var measuredAt: Timestamp?

    package init(
        hotSet: Bytes, hotMilliseconds: Int64, coldRate: Bytes, measuredAt: Timestamp? = nil
    ) {
        self.hotSet = hotSet
        self.hotMilliseconds = max(1, hotMilliseconds)
        self.coldRate = coldRate
        self.measuredAt = measuredAt
    }

    /// One rate, where only one is known: nothing is taken to be written twice.
    package init(rate: Bytes, measuredAt: Timestamp? = nil) {
        self.init(
            hotSet: rate, hotMilliseconds: 1000, coldRate: rate, measuredAt: measuredAt)
    }

    package init(short: Window, long: Window, measuredAt: Timestamp? = nil) {
        let between = Double(max(1, long.milliseconds - short.milliseconds)) / 1000
        let cold = max(0, (long.rewritten - short.rewritten) / between)
        // Samples are few: the slow rate cannot be above the quick one.
        self.init(
            hotSet: Bytes(Int64(saturating: short.rewritten)), hotMilliseconds: short.milliseconds,
            coldRate: Bytes(min(short.rate.count, Int64(saturating: cold))), measuredAt: measuredAt)
    }

    /// Bytes that differ after this many seconds.
    package func rewritten(afterSeconds seconds: Double) -> Double {
        let hot = Double(hotMilliseconds) / 1000
        guard seconds > hot else { return Double(hotSet.count) * seconds / hot }
        return Double(hotSet.count) + Double(coldRate.count) * (seconds - hot)
    }

    /// The same guest writing at this many thousandths of its rate.
    package func scaled(byPermille permille: Int64) -> DirtyRates {
        var scaled = self
        scaled.hotSet = Bytes(Int64(saturating: Double(hotSet.count) * Double(permille) / 1000))
        scaled.coldRate = Bytes(Int64(saturating: Double(coldRate.count) * Double(permille) / 1000))
        return scaled
    }
}

/// What measuring one domain's memory gave, as it is kept.
package struct DirtyRatesReading: Hashable, Codable, Sendable {
    package var domain: DomainID
    package var at: Timestamp
    package var short: DirtyRates.Window
    package var long: DirtyRates.Window

    package init(
        domain: DomainID, at: Timestamp, short: DirtyRates.Window, long: DirtyRates.Window
    ) {
        self.domain = domain
        self.at = at
        self.short = short
        self.long = long
    }

    package var dirtyRates: DirtyRates { DirtyRates(short: short, long: long, measuredAt: at) }
}
