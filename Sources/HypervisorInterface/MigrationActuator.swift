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

    /// Asks the migration that leaves this host to stop; the guest goes on here.
    func abortMigration(of domain: DomainID) async throws

    /// Changes the migration that leaves this host while it runs.
    func adjustMigration(of domain: DomainID, _ adjustment: MigrationAdjustment) async throws

    /// Takes up the migration from this host whose post-copy phase lost its link, with the request that
    /// began it. Returns when it is over; an error may also mean that it goes on: look at both hosts.
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

/// One migration to be started.
package struct MigrationRequest: Hashable, Sendable {
    package var domain: DomainID
    package var target: HostName
    /// libvirt URI of the target as the *source's daemon* reaches it (peer-to-peer).
    package var targetURI: String
    /// `migrate_uri`: always set, or the target's own idea of its name would be used.
    package var migrateURI: String
    package var isPersistent: Bool
    package var mode: Step.Mode
    package var options: MigrationOptions
    /// Disks to copy, in mode `storage`.
    package var copies: [String] = []
    /// Only what is above the disks' base images.
    package var isTopLayer = false
    /// The source's own addresses with those of the target, for consoles that listen on one.
    package var addresses: [String: String] = [:]

    package init(
        domain: DomainID, target: HostName, targetURI: String, migrateURI: String,
        isPersistent: Bool, mode: Step.Mode = .live, options: MigrationOptions
    ) {
        self.domain = domain
        self.target = target
        self.targetURI = targetURI
        self.migrateURI = migrateURI
        self.isPersistent = isPersistent
        self.mode = mode
        self.options = options
    }
}
