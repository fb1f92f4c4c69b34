package import ClusterModel

/// Where a host keeps the lease of whoever works on it: one place, which all controllers see.
///
/// Nobody is to work on a host without it, and who only reads lays none.
package protocol LeaseKeeper: Sendable {
    var host: HostName { get }

    /// The lease that lies here; nil where none does.
    func lease() async throws -> HostLease?

    /// Lays it down, or renews the one of its id. False where one of another id lies: of two that
    /// do this at the same moment one gets false.
    func lay(_ lease: HostLease) async throws -> Bool

    /// Takes away the lease of this id; one that is gone already is no error.
    func lift(_ id: String) async throws

    /// A command for people that does the same.
    func wayToLift(_ id: String) -> String
}
