import Actuation
import ClusterModel
import Persistence

extension JournalStore {
    /// Checksums of base images, by host and path: reading one again takes minutes.
    var checksums: ChecksumMemory {
        ChecksumMemory(
            recall: { host, path in
                try await remembered(Self.name(host, path), as: KnownChecksum.self)
            },
            keep: { host, path, known in
                try await remember(known, as: Self.name(host, path))
            })
    }

    private static func name(_ host: HostName, _ path: String) -> String {
        "checksum of \(host):\(path)"
    }
}
