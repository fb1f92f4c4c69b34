/// How migrations are done, in virsh's words. The defaults are a live, peer-to-peer move that takes
/// the definition along and leaves none behind.
///
/// Source: `virsh migrate`, libvirt-domain.h (virDomainMigrateFlags).
package struct MigrationOptions: Hashable, Codable, Sendable {
    /// Who drives a live migration.
    package enum Route: String, Hashable, Codable, Sendable {
        /// Peer-to-peer where the source reaches the target's libvirtd, managed otherwise.
        case automatic
        case peerToPeer = "p2p"
        case managed
    }

    package var route: Route = .automatic
    /// Leave the guest paused on the target (virsh `--suspend`).
    package var suspend = false
    /// Only ever true because a person said so: kvmbalance never sets it by itself.
    package var unsafe = false
    package var tunnelled = false
    package var autoConverge = false
    package var postcopy = false
    package var tls = false
    /// Number of parallel connections; nil for one plain connection.
    package var parallel: Int?
    /// MiB/s each migration may use; nil for no limit.
    package var bandwidth: Int?
    /// Seconds after which a migration is aborted; nil for the run's own stall detection only.
    package var timeoutSeconds: Int?
    /// What is done with one that does not converge; nil is `abort`.
    package var whenStuck: WhenStuck?
    /// How far the pause at the end may be raised for one that does not converge.
    package var maxDowntimeMilliseconds: Int64?
    /// MiB/s that one which does not converge may use instead of `bandwidth`.
    package var maxBandwidth: Int?
    /// How often a failed step is tried in all before it is planned around.
    package var attempts = 2

    // What follows is nil, and left out of plans and journals, where nobody asked for it.

    /// Names (with `*` and `?`) of domains whose local disks may be copied along while they run.
    package var copyStorageAll: [String]?
    /// The same, but only the top layer of each disk: its base must lie on the target already.
    package var copyStorageInc: [String]?
    /// Names of domains that move cold: a running one is shut down for it, of one that does not run
    /// the definition goes. Nothing is ever moved cold that is not named here.
    package var offline: [String]?
    /// Move those live where that can be, and cold only where not.
    package var prefersLive: Bool?
    /// Seconds that a guest has to shut down for a cold move; nil for 120.
    package var shutdownSeconds: Int?
    /// Leave copied images on the source once the guest runs on the target.
    package var keepsImages: Bool?
    package var compression: MigrationCompression?
    /// MiB/s in the post-copy phase; nil for no limit.
    package var postcopyBandwidth: Int?
    /// What a drain does with guests that cannot be moved; nil for `stay`, and what their metadata
    /// says.
    package var unmovable: UnmovableRules?

    package init() {}
}

/// How the memory stream is compressed (virsh `--compressed`, `--comp-methods` and what follows).
package struct MigrationCompression: Hashable, Codable, Sendable {
    package enum Method: String, Hashable, Codable, Sendable, CaseIterable {
        case multithreaded = "mt"
        case xbzrle
    }

    package var method: Method
    /// 0 to 9, for `mt` only.
    package var level: Int?
    package var threads: Int?
    package var decompressionThreads: Int?
    /// For `xbzrle` only, in bytes.
    package var cache: Bytes?

    package init(
        _ method: Method = .xbzrle, level: Int? = nil, threads: Int? = nil,
        decompressionThreads: Int? = nil, cache: Bytes? = nil
    ) {
        self.method = method
        self.level = level
        self.threads = threads
        self.decompressionThreads = decompressionThreads
        self.cache = cache
    }
}
