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

    func line(for event: JournalEvent) -> String? { RunEventText(in: state).line(for: event) }

    // MARK: Bars

    private func draw() { Console.show(state.openSteps.map { bar(for: $0.step) } + [total]) }

    private func bar(for step: Step) -> ProgressLine {
        let name = RunEventText(in: state).name(of: step.id)
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
