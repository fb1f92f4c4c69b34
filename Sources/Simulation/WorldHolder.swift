package import ClusterModel

/// Who holds a simulated world: a fleet in real time, or a run in virtual time.
package protocol WorldHolder: Sendable {
    /// Looks at the world as it is now.
    func read<Value: Sendable>(
        _ look: @Sendable (SimulatedWorld) throws -> Value
    ) async throws -> Value

    /// Changes the world now; a refused change leaves it as it was.
    func change<Value: Sendable>(
        _ body: @Sendable (inout SimulatedWorld) throws -> Value
    ) async throws -> Value

    /// Returns when the world may have changed: at the latest after this many milliseconds, when it
    /// changes by itself.
    func waitForChange(atMost milliseconds: Int64) async throws

    var clock: @Sendable () -> Timestamp { get }

    /// Lets time pass.
    func sleep(_ milliseconds: Int64) async throws

    /// A migration that this process waits for has begun, or its call has returned.
    func called(_ migration: Int) async
    func returned(_ migration: Int) async
}
