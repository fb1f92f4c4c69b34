import Persistence
import Synchronization

/// The two databases, opened when first asked for and then kept until the process ends.
final class Stores: Sendable {
    /// All of this process: whoever asks for one last may let go of it on any thread and at any time,
    /// and databases are to be closed before the process ends.
    private static let all = Mutex<[Stores]>([])

    private let directory: String
    private let metrics = Mutex<MetricsStore?>(nil)
    private let journal = Mutex<JournalStore?>(nil)

    init(directory: String) {
        self.directory = directory
        Self.all.withLock { $0.append(self) }
    }

    /// Closes every database that this process has opened. What cannot be closed is left as a
    /// killed process leaves it, which the next one puts right.
    static func closeAll() {
        for stores in all.withLock({ $0 }) {
            stores.metrics.withLock { try? $0?.close() }
            stores.journal.withLock { try? $0?.close() }
        }
    }

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
