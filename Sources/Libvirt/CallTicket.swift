import Synchronization

/// Keeps a call that its caller has given up from being begun later, when nobody expects it.
final class CallTicket: Sendable {
    private enum State { case waiting, begun, abandoned }
    private let state = Mutex(State.waiting)

    /// False when the caller has gone.
    func begin() -> Bool {
        state.withLock { state in
            guard state != .abandoned else { return false }
            state = .begun
            return true
        }
    }

    /// True when the call has been begun: it may still take effect.
    func abandon() -> Bool {
        state.withLock { state in
            if state == .begun { return true }
            state = .abandoned
            return false
        }
    }
}
