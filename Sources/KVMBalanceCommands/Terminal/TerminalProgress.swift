import ClusterModel
import Execution
import Operations
import Rendering
import Synchronization

/// Shows an operation on standard error while it goes on, and lets a terminal stop its run.
final class TerminalProgress: ProgressObserver {
    private struct Watched {
        var display: ProgressDisplay
        /// nil for a run of another process.
        var signals: SignalWatch?
    }

    private let watched = Mutex<Watched?>(nil)
    /// The flags of commands that are shown.
    private let flags: CommandFlags

    init(_ flags: CommandFlags) { self.flags = flags }

    func observe(_ event: ProgressEvent) async {
        switch event {
        case .runBegins(let state, let control):
            let watch = "kvmbalance runs watch \(control.run)\(flags.config)"
            Detachment.letGo(of: control.run, watch: watch)
            if Console.isErrorTerminal {
                Console.err("run \(control.run) goes on if this terminal is closed: \(watch)")
            }
            begin(state, SignalWatch(control, watch: watch))
        case .watchBegins(let run, let state, let driver):
            Console.err(
                "watching run \(run), driven by \(driver); Ctrl-C ends the watching, not the run")
            begin(state, nil)
        case .run(let update): await watched.withLock(\.?.display)?.observe(update)
        case .runIsOver: await finish()
        case .warning, .measuring, .decided, .waiting, .toldToAbort, .toldToStop:
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
        case .waiting(let hosts): "no answer yet from \(few(hosts)), waiting"
        case .toldToAbort(let process): "told \(process) to abort its migrations and end"
        case .toldToStop(let process):
            "told \(process) to start no new migration; the running ones end"
        case .runBegins, .watchBegins, .run, .runIsOver: nil
        }
    }

    private static func few(_ hosts: [HostName]) -> String {
        let names = hosts.inNaturalOrder.map(\.rawValue)
        let rest = names.count > 5 ? " and \(names.count - 5) more" : ""
        return names.prefix(5).joined(separator: ", ") + rest
    }

    private func begin(_ state: RunState, _ signals: SignalWatch?) {
        let display = ProgressDisplay(
            state: state, isTerminal: Console.isErrorTerminal, now: Composition.systemTime)
        let new = Watched(display: display, signals: signals)
        watched.withLock { $0 = new }
    }

    private func finish() async {
        let old = watched.withLock { watched in
            defer { watched = nil }
            return watched
        }
        old?.signals?.cancel()
        await old?.display.finish()
    }
}
