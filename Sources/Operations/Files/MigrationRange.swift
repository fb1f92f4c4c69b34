/// What a number about migrations may be, wherever it comes from.
package enum MigrationRange {
    package static let parallel = 1...255
    /// MiB/s.
    package static let bandwidth = 1...1_000_000
    /// Seconds, up to a month.
    package static let timeout = 1...2_678_400
    /// Milliseconds, up to ten minutes.
    package static let downtime = 1...600_000
    package static let attempts = 1...10
    /// Seconds, up to a day.
    package static let shutdown = 1...86_400
    package static let perHost = 1...64
    package static let fleet = 1...10_000
}
