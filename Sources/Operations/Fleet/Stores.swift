package import Persistence
import Synchronization

/// The two databases, opened when first asked for and then kept until the process ends.
package final class Stores: Sendable {
    /// All of this process: whoever asks for one last may let go of it on any thread and at any
    /// time, and databases are to be closed before the process ends.
    private static let all = Mutex<[Stores]>([])

    let directory: String
    private let openMetrics = Mutex<MetricsStore?>(nil)
    private let openJournal = Mutex<JournalStore?>(nil)

    package init(directory: String) {
        self.directory = directory
        Self.all.withLock { $0.append(self) }
    }

    /// Closes every database that this process has opened. What cannot be closed is left as a
    /// killed process leaves it, which the next one puts right.
    package static func closeAll() {
        for stores in all.withLock({ $0 }) {
            stores.openMetrics.withLock { try? $0?.close() }
            stores.openJournal.withLock { try? $0?.close() }
        }
    }

    /// For a collector that goes on: two would store everything twice.
    package func lockCollector() throws -> FleetLock {
        switch try FleetLock.acquire(
            directory: directory, purpose: "collect", file: FleetLock.collectorFileName)
        {
        case .acquired(let lock): return lock
        case .held(let holder):
            let end = holder.process.map { ": kill \($0)" } ?? ""
            throw CommandError(
                "a collector stores samples in \(directory) already: \(holder.description). One is "
                    + "enough; to replace it, end it first\(end), or systemctl stop "
                    + "kvmbalance-collect", exit: .busy)
        }
    }

    package func metrics() throws -> MetricsStore {
        try openMetrics.withLock { store in
            let opened = try store ?? MetricsStore(directory: directory)
            store = opened
            return opened
        }
    }

    package func journal() throws -> JournalStore {
        try openJournal.withLock { store in
            let opened = try store ?? JournalStore(directory: directory)
            store = opened
            return opened
        }
    }
}
