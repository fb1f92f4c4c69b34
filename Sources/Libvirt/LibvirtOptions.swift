/// How long a host may take, and how it is asked.
package struct LibvirtOptions: Hashable, Sendable {
    /// For a sample: raw counters of one host, opening the connection included.
    package var sampleLimit: Duration = .seconds(10)
    /// For an inventory: the XML of every domain is read.
    package var inventoryLimit: Duration = .seconds(60)
    /// For one question about one domain, and for a short order: abort, resume, undefine.
    package var controlLimit: Duration = .seconds(30)
    /// Inspect over a read-only connection too. libvirt then hides which CPU models guests may be
    /// given (`virConnectGetDomainCapabilities` needs a writable one). Samples always are read
    /// over a read-only connection.
    package var inspectsReadOnly = false

    package init() {}
}
