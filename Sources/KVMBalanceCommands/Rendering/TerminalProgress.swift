import ClusterModel
import Execution
import Operations
import Synchronization

/// Shows an operation on standard error while it goes on, and lets a terminal stop its run.
final class TerminalProgress: ProgressObserver {
    private struct Watched {
        var display: ProgressDisplay
        var signals: SignalWatch
    }

    private let watched = Mutex<Watched?>(nil)

    func observe(_ event: ProgressEvent) async {
        switch event {
        case .runBegins(let state, let control): begin(state, control)
        case .run(let update): await watched.withLock(\.?.display)?.observe(update)
        case .runIsOver: await finish()
        case .warning, .measuring, .decided, .toldToAbort:
            if let line = Self.line(for: event) { Console.errLine(line) }
        }
    }

    /// What is said of it; nil for what is shown in other ways.
    static func line(for event: ProgressEvent) -> String? {
        switch event {
        case .warning(let text): "warning: \(text)"
        case .measuring(let count, let milliseconds):
            "measuring the dirty rate of \(Format.plural(count, "guest")), about "
                + "\(milliseconds / 1000) s ('kvmbalance collect' does this in advance)"
        case .decided(let reason, let seconds):
            "balance: \(reason) (\(ObservationText.text(seconds)))"
        case .toldToAbort(let process): "told \(process) to abort its migrations and end"
        case .runBegins, .run, .runIsOver: nil
        }
    }

    private func begin(_ state: RunState, _ control: RunControl) {
        let display = ProgressDisplay(
            state: state, isTerminal: Console.isErrorTerminal, now: Composition.systemTime)
        let new = Watched(display: display, signals: SignalWatch(control))
        watched.withLock { $0 = new }
    }

    private func finish() async {
        let old = watched.withLock { watched in
            defer { watched = nil }
            return watched
        }
        old?.signals.cancel()
        await old?.display.finish()
    }
}
