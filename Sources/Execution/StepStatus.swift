package import ClusterModel

/// Where one step of a run stands. The words of the JSON face are the cases' names.
package enum StepStatus: Hashable, Sendable {
    case pending
    /// An intent was written and no outcome: the domain may be anywhere.
    case running(attempt: Int, persistent: Bool, autostart: Bool)
    case done(MigrationStatistics?, note: String?)
    case failed(error: String)
    case skipped(reason: String)
    /// It was done and a rollback brought the domain back.
    case compensated

    /// Another plan took the place of the one that it is of.
    package static let plannedAgain = StepStatus.skipped(reason: "planned again")

    package var word: String {
        switch self {
        case .pending: "pending"
        case .running: "running"
        case .done: "done"
        case .failed: "failed"
        case .skipped: "skipped"
        case .compensated: "compensated"
        }
    }

    /// No further event will change it.
    package var isOver: Bool {
        switch self {
        case .pending, .running: false
        case .done, .failed, .skipped, .compensated: true
        }
    }
}
