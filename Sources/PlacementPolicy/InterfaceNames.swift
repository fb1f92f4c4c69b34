package import ClusterModel

/// One network under the names that hosts call it by: of a bridge, a libvirt network or, for
/// macvtap, a device of the host.
package struct InterfaceNames: Hashable, Sendable {
    /// What hosts call it that are not in `hosts`.
    package var name: String
    package var hosts: [HostName: String]

    package init(name: String, hosts: [HostName: String]) {
        self.name = name
        self.hosts = hosts
    }

    package func name(on host: HostName) -> String { hosts[host] ?? name }

    /// What both networks are called and where, if they are called the same somewhere; the host is
    /// nil for all hosts that neither of them lists.
    package func clash(with other: InterfaceNames) -> (name: String, host: HostName?)? {
        if name == other.name { return (name, nil) }
        let hosts = Set(hosts.keys).union(other.hosts.keys).sorted()
        return hosts.first { name(on: $0) == other.name(on: $0) }.map { (name(on: $0), $0) }
    }
}
