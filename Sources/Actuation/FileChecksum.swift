package import ClusterModel
import HypervisorInterface
import Synchronization

/// What was read of a file, and what it was then.
package struct KnownChecksum: Hashable, Codable, Sendable {
    package var stamp: FileStamp
    package var checksum: String

    package init(_ stamp: FileStamp, _ checksum: String) {
        self.stamp = stamp
        self.checksum = checksum
    }

    /// Every write and every change of owner, time or name moves the time of change, which nobody
    /// can set back.
    func holds(for other: FileStamp) -> Bool { other.changed != nil && other == stamp }
}

/// Where checksums of whole files outlive a run.
package struct ChecksumMemory: Sendable {
    /// nil where nothing is known of this path of this host.
    package var recall: @Sendable (HostName, String) async throws -> KnownChecksum?
    package var keep: @Sendable (HostName, String, KnownChecksum) async throws -> Void

    package init(
        recall: @escaping @Sendable (HostName, String) async throws -> KnownChecksum?,
        keep: @escaping @Sendable (HostName, String, KnownChecksum) async throws -> Void
    ) {
        self.recall = recall
        self.keep = keep
    }

    package static let none = ChecksumMemory(
        recall: { _, _ in nil }, keep: { _, _, _ in })
}

/// A file of one host that is read whole, by whoever was first to need it, for all that do.
final class FileChecksum: CancellableProgress {
    /// Which file.
    struct Key: Hashable, Sendable {
        var host: HostName
        var path: String
    }

    private struct State {
        var isCancelled = false
        var read: Int64 = 0
        var task: Task<Void, Never>?
        var result: Result<String, any Error>?
    }

    let stamp: FileStamp
    private let state = Mutex(State())

    init(_ stamp: FileStamp) { self.stamp = stamp }

    /// One whose checksum is known.
    init(_ checksum: String) {
        stamp = FileStamp(length: .zero)
        state.withLock { $0.result = .success(checksum) }
    }

    func begin(
        on clock: WorldClock,
        _ read: @escaping @Sendable () async -> Result<String, any Error>
    ) {
        let task = clock.spawn {
            let result = await read()
            self.state.withLock { $0.result = result }
        }
        state.withLock { $0.task = task }
    }

    func checksum() async throws -> String {
        await state.withLock(\.task)?.value
        guard let result = state.withLock(\.result) else { throw CancellationError() }
        return try result.get()
    }

    func cancel() { state.withLock { $0.isCancelled = true } }

    // MARK: CancellableProgress

    var isCancelled: Bool { state.withLock(\.isCancelled) }
    func begin(total: Bytes) {}
    func advance(by count: Int) { state.withLock { $0.read += Int64(count) } }
    func askedToShutDown() {}
    func made(_ path: String) {}

    /// Thousandths of its length.
    var readPermille: Int64 {
        let read = min(state.withLock(\.read), stamp.length.count)
        return min(1000, read / max(1, stamp.length.count / 1000))
    }
}
