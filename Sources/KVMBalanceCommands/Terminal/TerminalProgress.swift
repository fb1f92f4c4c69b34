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

    /// A rolling reboot, whose runs are watched beside.
    private struct Reboot {
        var signals: SignalWatch?
        /// The last one that was shown.
        var line = ""
    }

    private let watched = Mutex<Watched?>(nil)
    private let reboot = Mutex<Reboot?>(nil)
    private let wait = Mutex<WaitSignals?>(nil)
    /// The flags of commands that are shown.
    private let flags: CommandFlags

    init(_ flags: CommandFlags) { self.flags = flags }

    func observe(_ event: ProgressEvent) async {
        switch event {
        case .runBegins(let state, _) where reboot.withLock({ $0 != nil }): begin(state, nil)
        case .rebootBegins(let state, let control): begin(state, control)
        case .reboot(_, let state): show(state)
        case .rebootIsOver:
            let old = reboot.withLock { reboot in
                defer { reboot = nil }
                return reboot
            }
            old?.signals?.cancel()
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
        case .waitBegins(let control): wait.withLock { $0 = WaitSignals(control) }
        case .waitIsOver:
            wait.withLock { wait in
                wait?.cancel()
                wait = nil
            }
        case .run(let update): await watched.withLock(\.?.display)?.observe(update)
        case .runIsOver: await finish()
        case .warning, .measuring, .decided, .waiting, .toldToAbort, .toldToStop, .note:
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
        case .note(let text): text
        case .runBegins, .watchBegins, .run, .runIsOver, .rebootBegins, .reboot, .rebootIsOver,
            .waitBegins, .waitIsOver:
            nil
        }
    }

    private static func few(_ hosts: [HostName]) -> String {
        let names = hosts.inNaturalOrder.map(\.rawValue)
        let rest = names.count > 5 ? " and \(names.count - 5) more" : ""
        return names.prefix(5).joined(separator: ", ") + rest
    }

    private func begin(_ state: RebootState, _ control: RunControl) {
        guard reboot.withLock({ $0 == nil }) else { return }
        let watch = "kvmbalance runs watch \(control.run)\(flags.config)"
        Detachment.letGo(of: control.run, watch: watch)
        if Console.isErrorTerminal {
            Console.err("run \(control.run) goes on if this terminal is closed: \(watch)")
        }
        let signals = SignalWatch(control, watch: watch)
        reboot.withLock { $0 = Reboot(signals: signals) }
        show(state)
    }

    /// A line whenever it has changed, but for how long it has taken.
    private func show(_ state: RebootState) {
        let timeless = state.line(at: Timestamp(seconds: 0))
        let isNew = reboot.withLock { reboot in
            defer { reboot?.line = timeless }
            return reboot.map { $0.line != timeless } ?? false
        }
        if isNew { Console.errLine(state.line(at: Composition.systemTime())) }
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
