package import ClusterModel

/// Tries out on a host what cannot be read of it, and leaves nothing behind.
package protocol ConnectivityProbe: Sendable {
    var host: HostName { get }

    /// Can this host's daemon open another's, as a peer-to-peer migration makes it do?
    func reach(_ peerURI: String) async -> PeerReach

    /// Makes a small file in a pool, for others to look for.
    func leaveMark(_ name: String, in pool: String) async throws
    func seesMark(_ name: String, in pool: String) async throws -> Bool
    func removeMark(_ name: String, in pool: String) async throws
}

/// What came of it.
package enum PeerReach: Hashable, Sendable {
    case reached
    case refused(String)
    /// It could not be tried.
    case unproven(String)
}
