import Persistence
import Synchronization

/// The two databases, opened when first asked for and then kept.
final class Stores: Sendable {
    private let directory: String
    private let metrics = Mutex<MetricsStore?>(nil)
    private let journal = Mutex<JournalStore?>(nil)

    init(directory: String) { self.directory = directory }

    func openMetrics() throws -> MetricsStore {
        try metrics.withLock { store in
            let opened = try store ?? MetricsStore(directory: directory)
            store = opened
            return opened
        }
    }

    func openJournal() throws -> JournalStore {
        try journal.withLock { store in
            let opened = try store ?? JournalStore(directory: directory)
            store = opened
            return opened
        }
    }
}
