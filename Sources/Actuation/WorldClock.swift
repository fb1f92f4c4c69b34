package import ClusterModel
import Execution

/// The time, the waiting and the concurrency of the executor, injected so that the same executor
/// runs in real time and, one job after the other, in virtual time.
package struct WorldClock: Sendable {
    package var now: @Sendable () -> Timestamp
    /// Never set back or forward, for measuring how long something takes.
    package var steady: @Sendable () -> Timestamp
    package var sleep: @Sendable (_ milliseconds: Int64) async throws -> Void
    /// Where everything of a run happens in virtual time; nil for Swift's own threads.
    package var thread: (any SerialExecutor & TaskExecutor)?
    /// Between two looks at a running migration.
    package var pollMilliseconds = MigrationWatch.pollMilliseconds

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

    func spawn(_ work: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
        Task(executorPreference: thread) { await work() }
    }

    /// Since this was first asked.
    package static let uptime: @Sendable () -> Timestamp = {
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        return Timestamp(
            milliseconds: seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    }

    private static let start = ContinuousClock.now
}
