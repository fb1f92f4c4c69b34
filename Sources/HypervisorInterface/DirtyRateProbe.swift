package import ClusterModel

/// Measures dirty rates of guests on one host. A separate type,
/// because measuring asks for a writable connection, and who collects must hold nothing that could
/// migrate.
package protocol DirtyRateProbe: Sendable {
    var host: HostName { get }

    /// Bytes that differ after this many seconds, as a rate over them; nil when the domain cannot
    /// be measured now: it does not run here, a migration or another job is at work on it, or the
    /// hypervisor cannot tell. Costs the guest next to nothing: a few pages are compared.
    func writeRate(of domain: DomainID, seconds: Int) async throws -> Bytes?
}
