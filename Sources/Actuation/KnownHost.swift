package import ClusterModel
import HypervisorInterface
import Synchronization

/// The machine that a host's name led to when it was seen first, or that a journal names.
package final class KnownHost: HostIdentity {
    package let host: HostName
    private let uuid = Mutex<String?>(nil)

    package init(_ host: HostName) { self.host = host }

    package var expected: String? { uuid.withLock(\.self) }

    package func expect(_ uuid: String) {
        guard !uuid.isEmpty else { return }
        self.uuid.withLock { $0 = $0 ?? uuid.lowercased() }
    }
}
