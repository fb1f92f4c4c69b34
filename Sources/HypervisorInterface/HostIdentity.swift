package import ClusterModel

/// Which machine a host's name must lead to, for all connections to it.
///
/// An address, a name or a key can lead to another machine from one connection to the next. That
/// one knows none of the host's domains, and nobody may take this for their absence.
package protocol HostIdentity: Sendable {
    var host: HostName { get }

    /// libvirt's UUID of the machine, in lower case; nil while any machine will do.
    var expected: String? { get }

    /// From now on this machine must answer. The first one counts; an empty UUID is none.
    func expect(_ uuid: String)
}

extension HostIdentity {
    /// Why this machine is not the host; nil where it is, or where any will do.
    package func doubt(_ found: String) -> MachineDoubt? {
        guard let expected, expected != found.lowercased() else { return nil }
        return MachineDoubt(host: host, expected: expected, found: found)
    }
}

/// Another machine answers in a host's place.
package struct MachineDoubt: Hashable, Sendable {
    package var host: HostName
    package var expected: String
    package var found: String

    package init(host: HostName, expected: String, found: String) {
        self.host = host
        self.expected = expected
        self.found = found
    }

    package var message: String {
        "\(host)'s address leads to another machine: UUID \(expected) is expected, and "
            + (found.isEmpty ? "it has none" : "\(found) answers")
    }

    /// libvirtd makes up a UUID at each start where the firmware has none (libvirtd.conf).
    package var remedy: String {
        "the name, the address or a tunnel to \(host) leads astray: repair that. If it is the "
            + "right machine, reinstalled or without a UUID of its firmware, write host_uuid = "
            + "\"\(expected)\" to /etc/libvirt/libvirtd.conf there (virtqemud.conf where "
            + "virtqemud runs), restart the daemon and try again"
    }
}

extension HypervisorError {
    /// Nothing that another machine says is believed: the host is out of reach.
    package init(_ doubt: MachineDoubt, operation: String) {
        self.init(
            kind: .unreachable, operation: operation, host: doubt.host, message: doubt.message,
            remedy: doubt.remedy)
    }
}
