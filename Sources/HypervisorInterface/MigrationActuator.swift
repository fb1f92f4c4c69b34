package import ClusterModel

/// The writing door to one host: only the executor holds it.
///
/// Every call throws `HypervisorError`. None of them decides anything: that a copy may be destroyed
/// or resumed was proven by the caller, who looked at both hosts.
package protocol MigrationActuator: Sendable {
    var host: HostName { get }

    /// Does beforehand what the next migration from this host would have to wait for. May fail in
    /// silence: the migration then does it itself, and tells.
    func makeReady() async

    /// Migrates a domain from this host and returns when libvirt says it is over. An error does not
    /// say who owns the domain: look at both hosts.
    func migrate(_ request: MigrationRequest) async throws -> MigrationStatistics?

    /// Asks the migration that leaves this host to stop; the guest goes on here. Refused where the
    /// domain has a job of another kind: see `DomainJobKind`.
    func abortMigration(of domain: DomainID) async throws

    /// Changes the migration that leaves this host while it runs.
    func adjustMigration(of domain: DomainID, _ adjustment: MigrationAdjustment) async throws

    /// Takes up the migration from this host whose post-copy phase lost its link, with the request
    /// that began it. Returns when it is over; an error may also mean that it goes on: look at both
    /// hosts.
    func resumePostcopy(_ request: MigrationRequest) async throws

    /// Lets a guest run that a migration left paused on this host.
    func resume(_ domain: DomainID) async throws

    /// Removes the copy that a migration left paused here. Refused by the implementation when the
    /// domain is not paused by a migration at that moment.
    func destroyPausedCopy(of domain: DomainID) async throws

    /// Removes a definition that a migration left behind here. Refused when the domain is active.
    func undefine(_ domain: DomainID) async throws

    func setAutostart(of domain: DomainID, to value: Bool) async throws
}

extension MigrationActuator {
    package func makeReady() async {}
}
