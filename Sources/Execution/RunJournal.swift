package import ClusterModel

/// Where runs are written down. `append` returns only when the record would survive a power cut:
/// the effect that follows relies on it.
package protocol RunJournal: Sendable {
    /// Opens a new run for this plan; its first records are `taken` and `planned`.
    func open(_ plan: MigrationPlan, at: Timestamp, process: Int32) async throws -> RunID
    func append(_ event: JournalEvent, to run: RunID, at: Timestamp) async throws
    func records(of run: RunID) async throws -> [JournalRecord]
    /// All runs, newest first.
    func runs() async throws -> [RunID]
}

/// Hosts that are kept empty, which outlives the run that emptied them.
package struct MaintenanceEntry: Hashable, Codable, Sendable {
    package var host: HostName
    package var since: Timestamp
    /// The run that drained it; nil when a person set it by hand.
    package var run: RunID?

    package init(host: HostName, since: Timestamp, run: RunID?) {
        self.host = host
        self.since = since
        self.run = run
    }
}

/// The register of hosts in maintenance, kept beside the journal.
package protocol MaintenanceRegister: Sendable {
    func maintenance() async throws -> [MaintenanceEntry]
    func setMaintenance(_ entry: MaintenanceEntry) async throws
    func clearMaintenance(of host: HostName) async throws
}
