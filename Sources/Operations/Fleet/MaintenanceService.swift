package import ClusterModel
package import Execution
import Persistence

/// Puts hosts in maintenance and takes them out of it; moves nothing.
package struct MaintenanceService: Sendable {
    private let observer: FleetObserver
    private let journal: JournalStore

    package init(_ observer: FleetObserver) throws {
        self.observer = observer
        journal = try observer.stores.journal()
    }

    package func entries() async throws -> [MaintenanceEntry] { try await journal.maintenance() }

    /// Ends it. Returns the hosts of the fleet that were in maintenance before.
    package func end(of hosts: [HostName]) async throws -> Set<HostName> {
        let before = Set(try await entries().map(\.host))
        for host in hosts { try await journal.clearMaintenance(of: host) }
        return before
    }

    /// Begins it. Returns the hosts of the fleet that were in maintenance before, and what is on
    /// its way to these.
    package func begin(
        of hosts: [HostName]
    ) async throws -> (before: Set<HostName>, arrivals: Arrivals) {
        let before = Set(try await entries().map(\.host))
        for host in hosts where !before.contains(host) {
            try await journal.setMaintenance(
                MaintenanceEntry(host: host, since: observer.now(), run: nil))
        }
        // After the register was written: a run reads it when its step is in the journal already.
        return (before, Arrivals(to: hosts, try await journal.unfinishedRuns()))
    }
}
