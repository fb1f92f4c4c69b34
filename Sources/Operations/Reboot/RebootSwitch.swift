import Execution
import Synchronization

/// How a rolling reboot is stopped from outside, while one of its runs is under way or none.
final class RebootSwitch: Sendable {
    private struct State {
        var reason: String?
        var isAborted = false
        var control: RunControl?
    }

    private let state = Mutex(State())

    /// Why no new round and no reboot is to begin; nil while they may.
    var reason: String? { state.withLock(\.reason) }

    /// For whoever shows it, like the control of a run.
    func control(of reboot: RunID) -> RunControl {
        RunControl(reboot) { event in
            if case .stop(let reason) = event { self.stop(reason, isAborting: false) }
            if case .abort(let reason) = event { self.stop(reason, isAborting: true) }
        }
    }

    private func stop(_ reason: String, isAborting: Bool) {
        let control = state.withLock { state in
            state.reason = state.reason ?? reason
            state.isAborted = state.isAborted || isAborting
            return state.control
        }
        guard let control else { return }
        if isAborting { control.abort(because: reason) } else { control.stop(because: reason) }
    }

    /// The run that is under way now, or none: it ends as the whole does.
    fileprivate func follow(_ control: RunControl?) {
        let (reason, isAborted) = state.withLock { state in
            state.control = control
            return (state.reason, state.isAborted)
        }
        guard let control, let reason else { return }
        if isAborted { control.abort(because: reason) } else { control.stop(because: reason) }
    }
}

/// Passes on the progress of the runs of a rolling reboot, and takes note of how to stop them.
struct RebootRelay: ProgressObserver {
    let next: any ProgressObserver
    let control: RebootSwitch

    func observe(_ event: ProgressEvent) async {
        if case .runBegins(_, let run) = event { control.follow(run) }
        if case .runIsOver = event { control.follow(nil) }
        await next.observe(event)
    }
}
