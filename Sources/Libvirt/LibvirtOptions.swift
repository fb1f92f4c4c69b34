/// How long a host may take, and how it is asked.
package struct LibvirtOptions: Hashable, Sendable {
    /// For opening a connection to read over, as far as the limits below are not shorter.
    package var contactLimit: Duration = .seconds(10)
    /// For a sample: raw counters of one host, opening the connection included.
    package var sampleLimit: Duration = .seconds(10)
    /// For an inventory: the XML of every domain is read.
    package var inventoryLimit: Duration = .seconds(60)
    /// For one question about one domain: a sighting, the progress of a migration.
    package var lookLimit: Duration = .seconds(10)
    /// For a short order (abort, resume, undefine, …) and for reaching the source of a migration.
    /// Ending a QEMU that hangs takes libvirt up to half of it.
    package var controlLimit: Duration = .seconds(30)
    /// Inspect over a read-only connection too. libvirt then hides which CPU models guests may be
    /// given (`virConnectGetDomainCapabilities` needs a writable one). Samples always are read
    /// over a read-only connection.
    package var inspectsReadOnly = false

    /// `contactLimit` nil is the usual one.
    package init(contactLimit: Duration? = nil) {
        self.contactLimit = contactLimit ?? self.contactLimit
    }
}
