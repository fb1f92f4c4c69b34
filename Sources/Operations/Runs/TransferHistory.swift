import ClusterModel
import Execution
import Planning

/// What the journal tells of migrations that were done: what was predicted of each, and what was
/// seen.
struct TransferHistory {
    /// Live migrations in order of time.
    let entries: [DoneTransfer]

    init(_ transfers: [DoneTransfer]) {
        entries = transfers.filter { !$0.isCold }.sorted { $0.place < $1.place }
    }
}

extension DoneTransfer {
    /// With what was found in the memory: what the next one will be predicted with.
    var observation: TransferObservation {
        TransferObservation(
            source: step.move.source, target: step.move.target,
            memory: observed.content ?? prediction.memory,
            dirtyRates: prediction.dirtyRates, linkRate: prediction.linkRate,
            rateLimit: prediction.rateLimit, options: options,
            durationMilliseconds: observed.durationMilliseconds,
            downtimeMilliseconds: observed.downtimeMilliseconds)
    }
}
