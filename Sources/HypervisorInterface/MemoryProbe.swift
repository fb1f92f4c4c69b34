package import ClusterModel

/// The measuring door to one host: finds how fast a guest rewrites its memory. A type of its own,
/// because measuring asks for a writable connection, and who collects must hold nothing that could
/// migrate.
package protocol MemoryProbe: Sendable {
    var host: HostName { get }

    /// Bytes that differ after so many seconds, as a rate over them; nil when the domain can not be
    /// measured now: it does not run here, a migration or another job is at work on it, or the
    /// hypervisor can not tell. Costs the guest next to nothing: a few pages are compared.
    func writeRate(of domain: DomainID, seconds: Int) async throws -> Bytes?
}
