package import ClusterModel

/// One migration that was done, with what was predicted of it and what was seen: what is learned
/// from for the next ones.
package struct DoneTransfer: Hashable, Codable, Sendable {
    package var run: RunID
    /// As it was planned, without its words.
    package var step: Step
    package var options: MigrationOptions
    package var prediction: StepPrediction
    package var observed: MigrationStatistics
    /// It was changed on its way, or needed more than one attempt.
    package var wasHelped: Bool
    package var endedAt: Timestamp?

    /// A cold move of a guest that ran; others are live migrations.
    package var isCold: Bool { step.mode == .offline }

    /// Its place among all others, in order of time.
    package var place: Place {
        Place(at: endedAt?.milliseconds ?? 0, run: run, step: step.id)
    }

    package struct Place: Hashable, Comparable, Sendable {
        package var at: Int64
        package var run: RunID
        package var step: StepID

        package init(at: Int64, run: RunID, step: StepID) {
            self.at = at
            self.run = run
            self.step = step
        }

        package static func < (left: Place, right: Place) -> Bool {
            (left.at, left.run, left.step) < (right.at, right.run, right.step)
        }
    }
}

extension RunState {
    /// What is to be learned from this run, in order of planning. A migration with storage teaches
    /// nothing about memory, nor does the move of a definition.
    package func transfers(of run: RunID) -> [DoneTransfer] {
        steps.compactMap { state in
            let isTeaching =
                state.step.mode == .live || (state.step.mode == .offline && !state.step.isShutOff)
            guard isTeaching, let prediction = state.step.estimate.prediction,
                let observed = state.observed
            else { return nil }
            var step = state.step
            step.rationale = ""
            step.cautions = []
            step.effect = nil
            step.after = []
            // It is beside it already.
            step.estimate.prediction = nil
            return DoneTransfer(
                run: run, step: step, options: original.options, prediction: prediction,
                observed: observed,
                wasHelped: !state.adjustments.isEmpty || state.attempts > 1,
                endedAt: state.endedAt)
        }
    }
}

extension MigrationStatistics {
    /// Memory that had something in it; nil when libvirt did not tell.
    package var content: Bytes? {
        guard let totalMemory = Plausible.believed(totalMemory),
            let emptyMemory = Plausible.believed(emptyMemory), totalMemory > emptyMemory
        else { return nil }
        return totalMemory - emptyMemory
    }
}
