/// What came of a call through a gate.
enum CallResult<Value: Sendable>: Sendable {
    case value(Value)
    case failed(any Error)
    case timedOut
    /// The call before this one has not come back yet: this one was not made.
    case stillBusy
    /// The caller was cancelled while it waited.
    case cancelled
}

/// Lets one call to one host through at a time and waits for it no longer than it may.
///
/// A call that hangs cannot be got rid of: it is left to itself, the gate stays shut until it
/// comes back, and nobody else waits for it. That is why the call is a separate task and not a
/// child: a task group would wait for it at its end.
actor CallGate {
    private var isBusy = false

    func call<Value: Sendable, C: Clock>(
        limit: Duration, clock: C, _ body: @escaping @Sendable () async throws -> Value
    ) async -> CallResult<Value> where C.Duration == Duration {
        guard !isBusy else { return .stillBusy }
        isBusy = true
        let (results, finished) = AsyncStream<CallResult<Value>>.makeStream(
            bufferingPolicy: .bufferingOldest(1))
        let call = Task {
            let result: CallResult<Value>
            do { result = .value(try await body()) } catch { result = .failed(error) }
            self.open()
            finished.yield(result)
        }
        let alarm = Task {
            do { try await clock.sleep(for: limit) } catch { return }
            finished.yield(.timedOut)
        }
        defer {
            alarm.cancel()
            // For a call that can be stopped; one that is over does not mind.
            call.cancel()
        }
        for await result in results { return result }
        return .cancelled
    }

    private func open() { isBusy = false }
}
