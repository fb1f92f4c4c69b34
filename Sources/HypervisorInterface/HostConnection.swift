/// Everything the executor needs of one host: both doors, and how others reach it.
package struct HostConnection: Sendable {
    package var inspector: any HostInspector
    package var actuator: any MigrationActuator
    /// nil where no images can be handled: then only live moves with memory alone are possible.
    package var images: (any ImageKeeper)?
    /// Shared by all connections to this host; nil where any machine will do.
    package var identity: (any HostIdentity)?
    /// nil where a lease cannot be laid.
    package var leases: (any LeaseKeeper)?
    /// nil where logs of guests cannot be read.
    package var guestLog: (any GuestLog)?
    /// libvirt URI of this host as this process reaches it (managed migration).
    package var controllerURI: String
    /// libvirt URI of this host as other hosts' daemons reach it (peer-to-peer migration).
    package var peerURI: String
    /// Addresses of this host, its own first, then that of the migration network.
    package var addresses: [String] = []
    /// The name in its certificate, where that is not the host part of `migrateURI`.
    package var tlsDestination: String?
    /// `migrate_uri` of migrations to this host, for example `tcp://10.10.10.1`.
    package var migrateURI: String

    package init(
        inspector: any HostInspector, actuator: any MigrationActuator, controllerURI: String,
        peerURI: String, migrateURI: String, images: (any ImageKeeper)? = nil,
        identity: (any HostIdentity)? = nil, leases: (any LeaseKeeper)? = nil
    ) {
        self.images = images
        self.identity = identity
        self.leases = leases
        self.inspector = inspector
        self.actuator = actuator
        self.controllerURI = controllerURI
        self.peerURI = peerURI
        self.migrateURI = migrateURI
    }
}
