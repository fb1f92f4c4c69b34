package import ClusterModel

/// The time and the waiting of the executor, injected so that tests need neither.
package struct WorldClock: Sendable {
    package var now: @Sendable () -> Timestamp
    /// Never set back or forward, for measuring how long something takes.
    package var steady: @Sendable () -> Timestamp
    package var sleep: @Sendable (_ milliseconds: Int64) async throws -> Void

    package init(
        now: @escaping @Sendable () -> Timestamp,
        steady: @escaping @Sendable () -> Timestamp = Self.uptime,
        sleep: @escaping @Sendable (_ milliseconds: Int64) async throws -> Void = {
            try await Task.sleep(for: .milliseconds($0))
        }
    ) {
        self.now = now
        self.steady = steady
        self.sleep = sleep
    }

    /// Since this was first asked.
    package static let uptime: @Sendable () -> Timestamp = {
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        return Timestamp(
            milliseconds: seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    }

    private static let start = ContinuousClock.now
}
