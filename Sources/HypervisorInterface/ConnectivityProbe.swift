package import ClusterModel

/// Tries out on a host what cannot be read of it, and leaves nothing behind.
package protocol ConnectivityProbe: Sendable {
    var host: HostName { get }

    /// Can this host's daemon open another's, as a peer-to-peer migration makes it do?
    func reach(_ peerURI: String) async -> PeerReach

    /// Makes a small file, for others to look for, in a pool or, where that begins with a slash, in
    /// a folder. Throws when it cannot be made, and when something of that name is there already.
    func leaveMark(_ name: String, in place: String) async throws
    /// False also where there is no such folder.
    func seesMark(_ name: String, in place: String) async throws -> Bool
    func removeMark(_ name: String, in place: String) async throws
}

/// What came of it.
package enum PeerReach: Hashable, Sendable {
    case reached
    case refused(String)
    /// It could not be tried.
    case unproven(String)
}
