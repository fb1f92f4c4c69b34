@preconcurrency import Dispatch
import Foundation
import Operations
import Synchronization

/// What a run does about signals.
///
/// Ctrl-C once: no new migration starts, the running ones end. Ctrl-C twice, or SIGTERM: they are
/// aborted. Once more: guests that may go down late are no longer waited for. SIGUSR1, as 'runs
/// stop' sends it, is Ctrl-C once, however often it comes. A closed terminal changes nothing: the
/// run was agreed to, and half a drain is a worse state than either end of it.
final class SignalWatch: Sendable {
    private let sources: [any DispatchSourceSignal]

    /// `watch` is the command by which the run can be followed from elsewhere.
    init(_ control: RunControl, watch: String) {
        let stops = Counter()
        var sources = [
            Self.source(SIGINT) { Self.stop(control, for: stops.next()) },
            Self.source(SIGTERM) { control.abort(because: "aborted by SIGTERM") },
            Self.source(SIGUSR1) {
                Console.err("stopping after the running migrations: told to by 'runs stop'")
                control.stop(because: "stopped by 'runs stop'")
            },
        ]
        if !Self.isHangUpIgnored {
            let hangUps = Counter()
            sources.append(
                // Kernel and shell may both send it for one closed terminal.
                Self.source(SIGHUP) {
                    guard hangUps.next() == 1 else { return }
                    Console.err("the terminal was closed; the run goes on: \(watch)")
                })
        }
        self.sources = sources
    }

    private static func stop(_ control: RunControl, for count: Int) {
        guard count > 1 else {
            Console.err(
                "stopping after the running migrations; press Ctrl-C again to abort them, their "
                    + "guests stay where they run")
            return control.stop(because: "stopped by Ctrl-C")
        }
        if count == 2 {
            Console.err(
                "aborting running migrations; Ctrl-C again to stop waiting for guests that were "
                    + "asked to shut down")
        }
        control.abort(because: "aborted by Ctrl-C")
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

    fileprivate static func source(
        _ number: Int32, _ handler: @escaping @Sendable () -> Void
    ) -> any DispatchSourceSignal {
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
        source.setEventHandler(handler: handler)
        source.resume()
        return source
    }
}

/// What waiting for jobs does about signals: Ctrl-C and SIGTERM end it. After it they mean what
/// they meant before.
final class WaitSignals: Sendable {
    private static let numbers = [SIGINT, SIGTERM]
    private let sources: [any DispatchSourceSignal]
    private let former: [sigaction]

    init(_ control: WaitControl) {
        former = Self.numbers.map { number in
            var action = sigaction()
            sigaction(number, nil, &action)
            return action
        }
        sources = [
            SignalWatch.source(SIGINT) { control.stop(because: "stopped by Ctrl-C") },
            SignalWatch.source(SIGTERM) { control.stop(because: "stopped by SIGTERM") },
        ]
    }

    func cancel() {
        for source in sources { source.cancel() }
        for (number, action) in zip(Self.numbers, former) {
            var action = action
            sigaction(number, &action, nil)
        }
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
