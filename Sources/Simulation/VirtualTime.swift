import ClusterModel
import Synchronization

/// Runs tasks one job after the other, in the order in which they became ready, on the thread that
/// drives it: Swift's concurrency without its threads. With it and a clock that only the driver
/// moves, the shipped executor runs the same way each time.
final class VirtualThread: SerialExecutor, TaskExecutor {
    private let jobs = Mutex<[UnownedJob]>([])

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
    }

    /// Runs until every task waits for time to pass, or for something outside.
    func runAll() {
        while true {
            let ready = jobs.withLock { jobs in
                defer { jobs.removeAll(keepingCapacity: true) }
                return jobs
            }
            guard !ready.isEmpty else { return }
            for job in ready {
                job.runSynchronously(
                    isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
            }
        }
    }
}

/// Who sleeps until when, and who waits for the world to change. Nothing here moves by itself.
final class VirtualClock: Sendable {
    private struct Sleeper {
        var number: Int
        /// nil: until the world changes.
        var until: Timestamp?
        var continuation: UnsafeContinuation<Void, any Error>
    }

    private struct State {
        var sleepers: [Sleeper] = []
        var last = 0
        var isOver = false
    }

    private let state = Mutex(State())

    /// Throws `CancellationError` when its task is cancelled or the clock has ended.
    func sleep(until time: Timestamp?) async throws {
        let number = state.withLock { state in
            state.last += 1
            return state.last
        }
        try await withTaskCancellationHandler {
            try await withUnsafeThrowingContinuation { continuation in
                let isRefused = state.withLock { state in
                    if state.isOver || Task.isCancelled { return true }
                    state.sleepers.append(
                        Sleeper(number: number, until: time, continuation: continuation))
                    return false
                }
                if isRefused { continuation.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                state.sleepers.firstIndex { $0.number == number }
                    .map { state.sleepers.remove(at: $0) }
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    /// When the next one wakes; nil when nobody sleeps.
    var nextWake: Timestamp? { state.withLock { $0.sleepers.compactMap(\.until).min() } }

    /// Somebody waits for the world to change.
    var awaitsChange: Bool { state.withLock { $0.sleepers.contains { $0.until == nil } } }

    /// Wakes the one who has slept longest of those whose time has come.
    func wakeNext(at now: Timestamp) {
        let due = state.withLock { state -> Sleeper? in
            let first = state.sleepers.indices.filter {
                state.sleepers[$0].until.map { $0 <= now } ?? false
            }.min {
                let (one, other) = (state.sleepers[$0], state.sleepers[$1])
                return (one.until ?? now, one.number) < (other.until ?? now, other.number)
            }
            return first.map { state.sleepers.remove(at: $0) }
        }
        due?.continuation.resume()
    }

    /// Wakes all who wait for the world to change.
    func worldChanged() {
        let waiting = state.withLock { state in
            let waiting = state.sleepers.filter { $0.until == nil }
            state.sleepers.removeAll { $0.until == nil }
            return waiting
        }
        for sleeper in waiting { sleeper.continuation.resume() }
    }

    /// Its process is gone: whoever sleeps does not wake up as if nothing had been.
    func end() {
        let sleepers = state.withLock { state in
            state.isOver = true
            defer { state.sleepers = [] }
            return state.sleepers
        }
        for sleeper in sleepers { sleeper.continuation.resume(throwing: CancellationError()) }
    }
}
