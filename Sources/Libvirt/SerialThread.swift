import Foundation

/// A thread of its own that runs the jobs of one actor, in order.
///
/// libvirt calls block, some of them for minutes: they must not hold a thread of Swift's
/// cooperative pool. And libvirt keeps errors per thread: with one thread for each connection an
/// error cannot be another call's.
final class SerialThread: SerialExecutor {
    private let queue: JobQueue

    init(name: String) {
        let queue = JobQueue()
        self.queue = queue
        let thread = Thread { queue.run() }
        thread.name = name
        thread.stackSize = 1 << 20
        thread.start()
    }

    deinit { queue.stop() }

    func enqueue(_ job: consuming ExecutorJob) {
        queue.add(UnownedJob(job), asUnownedSerialExecutor())
    }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        UnownedSerialExecutor(ordinary: self)
    }
}

/// The jobs that wait for a `SerialThread`. The thread holds this and not the executor, so that
/// the executor can go away and end the thread.
private final class JobQueue: @unchecked Sendable {
    private let condition = NSCondition()
    private var jobs: [(UnownedJob, UnownedSerialExecutor)] = []
    private var isStopped = false

    /// The job may be the last one, which lets go of the executor and so of this queue: nothing is
    /// done here after the thread could take it.
    func add(_ job: UnownedJob, _ executor: UnownedSerialExecutor) {
        condition.withLock {
            jobs.append((job, executor))
            condition.signal()
        }
    }

    func stop() {
        condition.withLock {
            isStopped = true
            condition.signal()
        }
    }

    func run() {
        while let (job, executor) = next() { job.runSynchronously(on: executor) }
    }

    private func next() -> (UnownedJob, UnownedSerialExecutor)? {
        condition.withLock {
            while jobs.isEmpty, !isStopped { condition.wait() }
            return jobs.isEmpty ? nil : jobs.removeFirst()
        }
    }
}
