import Synchronization

/// Says once that the first pass over a guest's memory is done. The event of any pass may be
/// missed: every later one says as much.
final class FirstPass: Sendable {
    private let wasSaid = Mutex(false)

    /// `pass` is the one that begins.
    func isOver(in pass: Int) -> Bool {
        guard pass >= 2 else { return false }
        return wasSaid.withLock { wasSaid in
            defer { wasSaid = true }
            return !wasSaid
        }
    }

    /// What followed from it failed: it is said once more.
    func wasNotHeard() { wasSaid.withLock { $0 = false } }
}
