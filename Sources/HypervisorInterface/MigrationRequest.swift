package import ClusterModel

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
    /// Networks of its cards that are called otherwise on the target, with the name there.
    package var interfaces: [String: String] = [:]
    /// The path of its QEMU with that on the target, where it is another.
    package var emulators: [String: String] = [:]
    /// All that is called otherwise on the target, with the name there.
    package var names: [String: String] { interfaces.merging(emulators) { one, _ in one } }
    /// The name that the target's certificate is checked for; nil for the host part of the
    /// migration URI.
    package var tlsDestination: String?
    /// The source keeps its definition: libvirt deletes files of the domain with it.
    package var keepsDefinition = false

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
