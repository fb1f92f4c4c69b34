import ClusterModel
import Execution
import Planning

/// What the journal tells of migrations that were done: what was predicted of each, what was seen,
/// and what can be learned for the next ones.
struct TransferHistory {
    /// One migration with both.
    struct Entry {
        var run: RunID
        var step: Step
        var options: MigrationOptions
        var prediction: StepPrediction
        var observed: MigrationStatistics
        /// It was changed on its way, or needed more than one attempt.
        var wasHelped: Bool
    }

    /// Live migrations in order of time.
    let entries: [Entry]
    /// Cold moves of running guests in order of time.
    let cold: [Entry]

    init(_ runs: [(run: RunID, state: RunState)]) {
        let timed = runs.flatMap { run, state in
            state.steps.compactMap { step in
                Self.entry(of: step, in: run, state).map { (step.endedAt, $0) }
            }
        }
        let all = timed.sorted {
            ($0.0?.milliseconds ?? 0, $0.1.run, $0.1.step.id)
                < ($1.0?.milliseconds ?? 0, $1.1.run, $1.1.step.id)
        }.map(\.1)
        entries = all.filter { $0.step.mode == .live }
        cold = all.filter { $0.step.mode == .offline && !$0.step.isShutOff }
    }

    private static func entry(
        of step: RunState.StepState, in run: RunID, _ state: RunState
    ) -> Entry? {
        guard let prediction = step.step.estimate.prediction, let observed = step.observed
        else { return nil }
        return Entry(
            run: run, step: step.step, options: state.original.options, prediction: prediction,
            observed: observed, wasHelped: !step.adjustments.isEmpty || step.attempts > 1)
    }

    var calibration: TransferCalibration {
        var contents: [DomainID: Bytes] = [:]
        for entry in entries {
            if let content = entry.observed.content {
                contents[entry.step.move.domain] = content
            }
        }
        return CalibrationFit.calibrate(
            entries.filter { !$0.wasHelped }.map(\.observation),
            cold: cold.filter { !$0.wasHelped }.map(\.observation),
            contents: contents.map { TransferCalibration.Content(domain: $0, memory: $1) })
    }
}

extension TransferHistory.Entry {
    /// With what was found in the memory: what the next one will be predicted with.
    fileprivate var observation: TransferObservation {
        TransferObservation(
            source: step.move.source, target: step.move.target,
            memory: observed.content ?? prediction.memory,
            dirtyRates: prediction.dirtyRates, linkRate: prediction.linkRate,
            rateLimit: prediction.rateLimit, options: options,
            durationMilliseconds: observed.durationMilliseconds,
            downtimeMilliseconds: observed.downtimeMilliseconds)
    }
}

extension MigrationStatistics {
    /// Memory that had something in it; nil when libvirt did not tell.
    var content: Bytes? {
        guard let totalMemory = Plausible.believed(totalMemory),
            let emptyMemory = Plausible.believed(emptyMemory), totalMemory > emptyMemory
        else { return nil }
        return totalMemory - emptyMemory
    }
}
