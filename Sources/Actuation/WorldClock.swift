package import ClusterModel

/// The time and the waiting of the executor, injected so that tests need neither.
package struct WorldClock: Sendable {
    package var now: @Sendable () -> Timestamp
    package var sleep: @Sendable (_ milliseconds: Int64) async throws -> Void

    package init(
        now: @escaping @Sendable () -> Timestamp,
        sleep: @escaping @Sendable (_ milliseconds: Int64) async throws -> Void = {
            try await Task.sleep(for: .milliseconds($0))
        }
    ) {
        self.now = now
        self.sleep = sleep
    }
}
