/// What a number about migrations may be, wherever it comes from.
enum MigrationRange {
    static let parallel = 1...255
    /// MiB/s.
    static let bandwidth = 1...1_000_000
    /// Seconds, up to a month.
    static let timeout = 1...2_678_400
    /// Milliseconds, up to ten minutes.
    static let downtime = 1...600_000
    static let attempts = 1...10
    /// Seconds, up to a day.
    static let shutdown = 1...86_400
    static let perHost = 1...64
    static let fleet = 1...10_000
}
