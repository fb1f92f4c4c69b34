import ClusterModel
import HypervisorInterface
import Synchronization

/// The executor's end of a cold move.
final class MoveControl: CopyControl {
    /// What is known of it.
    private struct State {
        var isCancelled = false
        var processed: Int64 = 0
        var total: Int64 = 0
    }

    private let state = Mutex(State())

    func cancel() { state.withLock { $0.isCancelled = true } }
    var isCancelled: Bool { state.withLock { $0.isCancelled } }
    func begin(total: Bytes) { state.withLock { $0.total = total.count } }
    func advance(by count: Int) { state.withLock { $0.processed += Int64(count) } }

    /// nil until there is something to copy.
    var progress: MigrationProgress? {
        state.withLock { state in
            guard state.total > 0 else { return nil }
            return MigrationProgress(
                processed: Bytes(state.processed),
                remaining: Bytes(max(0, state.total - state.processed)),
                total: Bytes(state.total))
        }
    }
}
