import Actuation
import ClusterModel
import Execution
import Operations
import Rendering

/// Shows a run while it goes on: bars on a terminal, one line an event elsewhere. All of it goes to
/// standard error, so that standard output stays the result's.
actor ProgressDisplay: RunObserver {
    private var state: RunState
    private var progress: [StepID: MigrationProgress] = [:]
    private let isTerminal: Bool
    private let now: @Sendable () -> Timestamp

    init(state: RunState, isTerminal: Bool, now: @escaping @Sendable () -> Timestamp) {
        self.state = state
        self.isTerminal = isTerminal
        self.now = now
    }

    func observe(_ update: RunUpdate) {
        switch update {
        case .recorded(let event):
            state.apply(event, at: now())
            if let line = line(for: event) { say(line) }
        case .progress(let id, let progress):
            self.progress[id] = progress
        case .note(let text):
            say("  \(text)")
        }
        if isTerminal { draw() }
    }

    /// Takes the bars away, so that the report can follow.
    func finish() {
        if isTerminal { Console.show([]) }
    }

    private func say(_ line: String) { Console.errLine(line) }

    func line(for event: JournalEvent) -> String? {
        switch event {
        case .intent(let id, let attempt, _, _):
            "  \(words(id)): migrating\(attempt > 1 ? ", attempt \(attempt)" : "")"
        case .arrived(let id, let statistics, let note):
            "  \(words(id)): arrived\(statistics.map { ", \(words($0))" } ?? "")"
                + "\(note.map { "; \($0)" } ?? "")"
        case .adjusting(let id, let change, let reason): "  \(words(id)): \(change): \(reason)"
        case .attemptFailed(let id, _, let error): "  \(words(id)): did not move: \(error)"
        case .failed(let id, _): "  \(words(id)): gave up, planning without it"
        case .skipped(let id, let reason): "  \(words(id)): \(reason)"
        case .settling(let id, let settlement): "  \(words(id)): \(settlement.rawValue)"
        case .stopping(let reason): "  no new migration starts: \(reason)"
        case .preparing(let id, let preparation) where !preparation.images.isEmpty:
            "  \(words(id)): copies \(preparation.images.map(\.path).joined(separator: ", "))"
        case .askedToShutDown(let id): "  \(words(id)): asked to shut down"
        case .upAgain(let id): "  \(words(id)): shut down late, runs on its host again"
        case .taken, .planned, .ended, .preparing, .made, .cleared: nil
        }
    }

    private func words(_ id: StepID) -> String {
        guard let step = state.step(id)?.step else { return "step \(id)" }
        return "\(step.domainName) \(step.move.source) -> \(step.move.target)"
    }

    private func words(_ statistics: MigrationStatistics) -> String {
        var words = "took \(Format.duration(milliseconds: statistics.durationMilliseconds))"
        if let downtime = statistics.downtimeMilliseconds { words += ", down \(downtime) ms" }
        if let sent = statistics.transferred { words += ", sent \(sent)" }
        return words
    }

    // MARK: Bars

    private func draw() { Console.show(state.openSteps.map { bar(for: $0.step) } + [total]) }

    private func bar(for step: Step) -> ProgressLine {
        let name = words(step.id)
        guard let progress = progress[step.id], progress.total.count > 0 else {
            return ProgressLine(fraction: 0, name: name)
        }
        let done = 1 - Double(progress.remaining.count) / Double(progress.total.count)
        var figures = ["\(progress.remaining) left"]
        if let rate = progress.rate { figures[0] += " at \(rate)/s" }
        if let dirty = progress.dirtyRate, dirty > .zero { figures.append("dirtied \(dirty)/s") }
        if let iteration = progress.iteration { figures.append("round \(iteration)") }
        return ProgressLine(fraction: done, name: name, figures: figures)
    }

    private var total: ProgressLine {
        let steps = state.steps.filter { $0.status != .plannedAgain }
        let over = steps.count(where: \.status.isOver)
        let rest = RemainingTime(of: state, progress, at: now())
        let time = Format.duration(milliseconds: rest.milliseconds)
        return ProgressLine(
            fraction: rest.fraction, name: "\(over) of \(steps.count) migrations",
            figures: ["about \(time) to go (\(rest.isSeen ? "at the speed seen" : "estimate"))"])
    }
}
