import Synchronization

/// Thrown to a caller whose call took longer than it was given.
struct DeadlineExceeded: Error {}

/// Waits for an operation, but no longer than the limit. The operation itself goes on when the
/// limit has passed: a thread that blocks in C cannot be stopped.
func withDeadline<Value: Sendable>(
    _ limit: Duration?, _ operation: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    guard let limit else { return try await operation() }
    return try await withCheckedThrowingContinuation { continuation in
        let reply = FirstReply(continuation)
        let timer = Task {
            try await Task.sleep(for: limit)
            reply.give(.failure(DeadlineExceeded()))
        }
        Task {
            let result: Result<Value, any Error>
            do { result = .success(try await operation()) } catch { result = .failure(error) }
            timer.cancel()
            reply.give(result)
        }
    }
}

/// Resumes a continuation with whichever answer comes first.
private final class FirstReply<Value: Sendable>: Sendable {
    private let continuation: Mutex<CheckedContinuation<Value, any Error>?>

    init(_ continuation: CheckedContinuation<Value, any Error>) {
        self.continuation = Mutex(continuation)
    }

    func give(_ result: Result<Value, any Error>) {
        let waiting = continuation.withLock { continuation in
            let taken = continuation
            continuation = nil
            return taken
        }
        waiting?.resume(with: result)
    }
}
