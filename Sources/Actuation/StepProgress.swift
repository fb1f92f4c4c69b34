import ClusterModel
import Execution
import HypervisorInterface
import Synchronization

/// The executor's end of a step that copies images or moves cold.
final class StepProgress: CancellableProgress {
    /// What is known of it.
    private struct State {
        var isCancelled = false
        var processed: Int64 = 0
        var total: Int64 = 0
        var hasAsked = false
    }

    private let step: StepID
    private let tell: @Sendable (RunEvent) -> Void
    private let state = Mutex(State())

    init(_ step: StepID, tell: @escaping @Sendable (RunEvent) -> Void) {
        self.step = step
        self.tell = tell
    }

    func cancel() { state.withLock { $0.isCancelled = true } }
    var isCancelled: Bool { state.withLock { $0.isCancelled } }
    func begin(total: Bytes) { state.withLock { $0.total = total.count } }
    func made(_ path: String) { tell(.made(step, path: path)) }

    func askedToShutDown() {
        let isFirst = state.withLock { state in
            defer { state.hasAsked = true }
            return !state.hasAsked
        }
        if isFirst { tell(.askedToShutDown(step)) }
    }

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
