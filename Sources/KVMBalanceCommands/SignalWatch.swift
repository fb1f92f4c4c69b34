@preconcurrency import Dispatch
import Foundation
import Operations
import Synchronization

/// Ctrl-C once, or SIGHUP: no new migration starts, the running ones end. Ctrl-C twice, or SIGTERM:
/// they are aborted. Once more: guests that may go down late are no longer waited for.
final class SignalWatch: Sendable {
    private let sources: [any DispatchSourceSignal]

    init(_ control: RunControl) {
        let stops = Counter()
        var sources = [
            Self.source(SIGINT) {
                let count = stops.next()
                guard count > 1 else {
                    Console.err(
                        "stopping after the running migrations; press Ctrl-C again to abort them")
                    return control.stop(because: "stopped by Ctrl-C")
                }
                if count == 2 {
                    Console.err(
                        "aborting running migrations; Ctrl-C again to stop waiting for guests that "
                            + "were asked to shut down")
                }
                control.abort(because: "aborted by Ctrl-C")
            },
            Self.source(SIGTERM) { control.abort(because: "aborted by SIGTERM") },
        ]
        if !Self.isHangUpIgnored {
            sources.append(
                // Kernel and shell may both send it for one closed terminal: it never aborts.
                Self.source(SIGHUP) {
                    guard stops.next() == 1 else { return }
                    Console.err("stopping after the running migrations: the terminal was closed")
                    control.stop(because: "stopped by SIGHUP, as when a terminal is closed")
                })
        }
        self.sources = sources
    }

    func cancel() {
        for source in sources { source.cancel() }
    }

    /// Under `nohup` a closed terminal is to change nothing.
    static var isHangUpIgnored: Bool {
        var action = sigaction()
        guard sigaction(SIGHUP, nil, &action) == 0 else { return false }
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN, to: Int.self)
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
