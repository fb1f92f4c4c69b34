package import ClusterModel
package import Execution

/// What a run tells those who watch it; nothing depends on anyone listening.
package enum RunUpdate: Sendable {
    /// A fact went into the journal.
    case recorded(JournalEvent)
    case progress(StepID, MigrationProgress)
    /// Something worth a line for a person, for example that the route was changed.
    case note(String)
}

/// Someone who watches a run: the terminal, a log, a test.
package protocol RunObserver: Sendable {
    func observe(_ update: RunUpdate) async
}
