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

    package init() {}
}
