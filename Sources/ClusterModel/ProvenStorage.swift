/// What `hosts check` found out of storage: where it is seen on one host, and a name for it. Under
/// one path it is the same storage on hosts with the same name for it, and another on all others.
package struct ProvenStorage: Hashable, Codable, Sendable {
    /// The folder that the test file was seen in, or a device. What lies deeper may be another
    /// mount.
    package var path: String
    /// Equal on two hosts: the same storage.
    package var identity: String
    package var at: Timestamp

    /// A mount may have been changed since.
    package static let goodForMilliseconds: Int64 = 7 * 86_400_000

    package init(path: String, identity: String, at: Timestamp) {
        self.path = path
        self.identity = identity
        self.at = at
    }
}

extension Host {
    /// By path, what was proven of storage here, as far as that is not too old to go by.
    package var provenIdentities: [String: String] {
        Dictionary(firstOf: (provenStorage ?? []).filter(isRecent).map { ($0.path, $0.identity) })
    }

    /// The same for one path.
    package func provenIdentity(of path: String) -> String? {
        provenStorage?.first { $0.path == path && isRecent($0) }?.identity
    }

    /// Paths that were proven, too long ago.
    package var outdatedProofs: [String] {
        (provenStorage ?? []).filter { !isRecent($0) }.map(\.path)
    }

    private func isRecent(_ proof: ProvenStorage) -> Bool {
        guard let observedAt else { return true }
        return observedAt.millisecondsSince(proof.at) <= ProvenStorage.goodForMilliseconds
    }
}
