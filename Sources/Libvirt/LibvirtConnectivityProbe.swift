internal import CLibvirt
package import ClusterModel
package import HypervisorInterface

/// Tries things out on one real host.
package final class LibvirtConnectivityProbe: ConnectivityProbe {
    package let host: HostName
    private let options: LibvirtOptions
    private let lane: ConnectionLane
    private let storage: ConnectionLane

    package init(host: HostName, uri: String, options: LibvirtOptions = LibvirtOptions()) {
        self.host = host
        self.options = options
        lane = ConnectionLane(host: host, uri: uri)
        storage = ConnectionLane(host: host, uri: uri)
    }

    /// libvirt has no call that only opens a connection. But for a migration that it is
    /// going to refuse, the source's daemon opens the target's first and looks at the flags after
    /// that (qemuMigrationSrcPerformPeer2Peer, then qemuMigrationSrcBeginPhase). So it is asked for
    /// one that is refused twice over: an offline one without a definition to keep, and with disks
    /// to copy. Nothing reaches the target but the connection.
    package func reach(_ peerURI: String) async -> PeerReach {
        do {
            return try await lane.call("try to connect to \(peerURI)", limit: options.controlLimit)
            {
                guard let domain = try Self.subject(on: $0) else {
                    return .unproven(
                        "no domain here is shut off, and one that runs is not used for a test")
                }
                let flags =
                    VIR_MIGRATE_PEER2PEER.rawValue | VIR_MIGRATE_OFFLINE.rawValue
                    | VIR_MIGRATE_NON_SHARED_DISK.rawValue
                guard domain.use({ virDomainMigrateToURI3($0, peerURI, nil, 0, flags) }) < 0 else {
                    return .unproven("libvirt accepted a call that it should have refused")
                }
                return Self.verdict(of: .last(), peerURI)
            }
        } catch {
            return .unproven("\(error)")
        }
    }

    /// One that does not run: it is locked for the time of the connection.
    private static func subject(
        on connection: ConnectionHandle
    ) throws(LibvirtFailure) -> DomainHandle? {
        try connection.domains(VIR_CONNECT_LIST_DOMAINS_INACTIVE.rawValue).first
    }

    private static func verdict(of failure: LibvirtFailure, _ peerURI: String) -> PeerReach {
        // libvirt's words, before it has sent anything to the target.
        let isLate =
            failure.message.contains("offline migration")
            || failure.message.contains("persistent flag")
        if isLate { return .reached }
        if failure.meansUnreachablePeer(peerURI) { return .refused(failure.message) }
        return .unproven(failure.message)
    }

    // MARK: Marks

    package func leaveMark(_ name: String, in place: String) async throws {
        try await storage.call("write the test file in '\(place)'", limit: options.controlLimit) {
            let size = Self.markSize.count
            let xml =
                "<volume><name>\(name)</name><capacity unit='bytes'>\(size)</capacity>"
                + "<target><format type='raw'/></target></volume>"
            try Self.withPool(place, $0) { _ = try $0.create(xml) }
        }
    }

    package func seesMark(_ name: String, in place: String) async throws -> Bool {
        try await storage.call("look for the test file in '\(place)'", limit: options.controlLimit)
        {
            do {
                return try Self.withPool(place, $0) { try $0.volume(name) != nil }
            } catch let failure as LibvirtFailure
                where place.hasPrefix("/") && failure.message.contains("No such file or directory")
            {
                return false
            }
        }
    }

    package func removeMark(_ name: String, in place: String) async throws {
        try await storage.call(
            "remove the test file from '\(place)'", limit: options.controlLimit
        ) {
            try Self.withPool(place, $0) { pool in
                guard let volume = try pool.volume(name) else { return }
                // Nobody else makes a file of that name; one that is not like ours stays.
                guard try volume.isFile(), try volume.sizes().length == Self.markSize else {
                    throw LibvirtFailure.refused(
                        "'\(name)' is not the test file: it was left alone")
                }
                try volume.delete()
            }
        }
    }

    /// A folder without a pool is given one for the time of the call.
    private static func withPool<Value>(
        _ place: String, _ connection: ConnectionHandle, _ body: (PoolHandle) throws -> Value
    ) throws -> Value {
        if place.hasPrefix("/") { return try connection.withPool(showing: place, body) }
        let pool = try connection.pool(place)
        try pool.refresh()
        return try body(pool)
    }

    private static let markSize = Bytes(4096)
}
