import Actuation
@preconcurrency import Dispatch
import Execution
import Foundation
import Synchronization

/// Ctrl-C once: no new migration starts, the running ones end. Twice, or SIGTERM: they are aborted.
final class SignalWatch: Sendable {
    private let sources: [any DispatchSourceSignal]

    init(_ executor: RunExecutor) {
        let count = Counter()
        sources = [
            Self.source(SIGINT) {
                if count.next() == 1 {
                    Console.err(
                        "stopping: running migrations end, none is started; again to abort them")
                    executor.send(.stop(reason: "stopped by Ctrl-C"))
                } else {
                    executor.send(.abort(reason: "aborted by Ctrl-C"))
                }
            },
            Self.source(SIGTERM) { executor.send(.abort(reason: "aborted by SIGTERM")) },
        ]
    }

    func cancel() {
        for source in sources { source.cancel() }
    }

    private static func source(
        _ number: Int32, _ handler: @escaping @Sendable () -> Void
    ) -> any DispatchSourceSignal {
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
        source.setEventHandler(handler: handler)
        source.resume()
        return source
    }
}

/// Counts from 1, from any thread.
private final class Counter: Sendable {
    private let value = Mutex(0)

    func next() -> Int {
        value.withLock {
            $0 += 1
            return $0
        }
    }
}
