package import ClusterModel
package import Execution
import Operations

/// What happens in a run, a line each, as people read it meanwhile.
package struct RunEventText {
    let state: RunState

    /// `state` has the event already.
    package init(in state: RunState) { self.state = state }

    /// nil for what nobody needs to read.
    package func line(for event: JournalEvent) -> String? {
        switch event {
        case .intent(let id, let attempt, _, _):
            "  \(name(of: id)): \(verb(id))\(attempt > 1 ? ", attempt \(attempt)" : "")"
        case .arrived(let id, let statistics, let note):
            "  \(name(of: id)): \(isInPlace(id) ? "done" : "arrived")"
                + "\(statistics.map { ", \(words($0))" } ?? "")"
                + "\(note.map { "; \($0)" } ?? "")"
        case .adjusting(let id, let change, let reason):
            "  \(name(of: id)): \(change): \(reason)"
        case .attemptFailed(let id, _, let error):
            "  \(name(of: id)): \(isInPlace(id) ? "as it was" : "did not move"): \(error)"
        case .failed(let id, _): "  \(name(of: id)): gave up, planning without it"
        case .skipped(let id, let reason): "  \(name(of: id)): \(reason)"
        case .settling(let id, let settlement): "  \(name(of: id)): \(settlement.rawValue)"
        case .stopping(let reason): "  no new migration starts: \(reason)"
        case .preparing(let id, let preparation) where !preparation.images.isEmpty:
            "  \(name(of: id)): copies \(preparation.images.map(\.path).joined(separator: ", "))"
        case .askedToShutDown(let id): "  \(name(of: id)): asked to shut down"
        case .upAgain(let id): "  \(name(of: id)): shut down late, runs on its host again"
        case .taken, .planned, .ended, .preparing, .made, .cleared: nil
        }
    }

    /// `web1 host1 -> host2`, or `gpu1 on host1` of a guest that stays there.
    package func name(of id: StepID) -> String {
        guard let step = state.step(id)?.step else { return "step \(id)" }
        return step.mode.isInPlace
            ? "\(step.domainName) on \(step.move.source)"
            : "\(step.domainName) \(step.move.source) -> \(step.move.target)"
    }

    private func isInPlace(_ id: StepID) -> Bool { state.step(id)?.step.mode.isInPlace == true }

    private func verb(_ id: StepID) -> String {
        switch state.step(id)?.step.mode {
        case .shutdown: "shutting down"
        case .save: "saving its memory"
        case .start: "starting"
        case .restore: "restoring its memory"
        case .live, .storage, .offline, nil: "migrating"
        }
    }

    private func words(_ statistics: MigrationStatistics) -> String {
        var words = "took \(Format.duration(milliseconds: statistics.durationMilliseconds))"
        if let downtime = statistics.downtimeMilliseconds { words += ", down \(downtime) ms" }
        if let sent = statistics.transferred { words += ", sent \(sent)" }
        return words
    }
}
