package import ClusterModel

/// How long a run still takes: the times of its plan, stretched as the migrations that were seen
/// took longer or shorter than estimated.
package struct RemainingTime {
    package let milliseconds: Int64
    /// Something was seen. Otherwise it is the plan's estimate alone.
    package let isSeen: Bool
    /// How much of the run is over, from 0 to 1.
    package let fraction: Double

    /// One running migration, at this moment.
    private struct Running {
        /// Of all of it, from 0 to 1.
        let fraction: Double
        let elapsed: Double
        /// nil until it has sent something.
        let left: Double?

        init(_ step: RunState.StepState, _ progress: MigrationProgress?, _ now: Timestamp) {
            let elapsed = Double(
                (step.attemptedAt ?? step.startedAt).map { max(0, now.millisecondsSince($0)) } ?? 0)
            self.elapsed = elapsed
            guard let progress, progress.total.count > 0, progress.remaining < progress.total else {
                left = nil
                let estimate = Double(max(1, step.step.estimate.durationMilliseconds))
                fraction = min(1, elapsed / estimate)
                return
            }
            let sent = 1 - Double(progress.remaining.count) / Double(progress.total.count)
            let left =
                if let rate = progress.rate, rate > .zero {
                    Double(progress.remaining.count) / Double(rate.count) * 1000
                } else {
                    elapsed / sent - elapsed
                }
            self.left = left
            fraction = elapsed + left > 0 ? elapsed / (elapsed + left) : sent
        }
    }

    package init(of state: RunState, _ progress: [StepID: MigrationProgress], at now: Timestamp) {
        let steps = state.steps.filter { $0.status != .skipped(reason: "planned again") }
        let running = state.openSteps.map { ($0, Running($0, progress[$0.step.id], now)) }
        var (took, estimated) = (0.0, 0.0)
        for step in steps {
            guard case .done = step.status, let begun = step.startedAt, let end = step.endedAt
            else { continue }
            took += Double(max(0, end.millisecondsSince(begun)))
            estimated += Double(step.step.estimate.durationMilliseconds)
        }
        for (step, seen) in running {
            guard let left = seen.left else { continue }
            took += seen.elapsed + left
            estimated += Double(step.step.estimate.durationMilliseconds)
        }
        isSeen = took > 0
        let stretch = isSeen ? took / max(1, estimated) : 1
        // How far the plan has come is where its slowest running migration stands.
        let open = steps.filter { !$0.status.isOver }.map(\.step.estimate)
        let place =
            running.map { step, seen in
                Double(step.step.estimate.startMilliseconds)
                    + seen.fraction * Double(step.step.estimate.durationMilliseconds)
            }.min() ?? open.map { Double($0.startMilliseconds) }.min() ?? 0
        let last = open.map { Double($0.endMilliseconds) }.max() ?? 0
        let longest = running.compactMap(\.1.left).max() ?? 0
        let rest = max(longest, max(0, last - place) * stretch)
        milliseconds = Int64(min(rest, 1e15))
        let over = Double(steps.count(where: \.status.isOver))
        fraction =
            steps.isEmpty
            ? 1 : (over + running.reduce(0) { $0 + $1.1.fraction }) / Double(steps.count)
    }
}
