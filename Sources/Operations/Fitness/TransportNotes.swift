import ClusterModel
package import PlacementPolicy

/// What crosses the network in the clear, of the fleet as a whole: said once, and not for each host
/// or pair.
package enum TransportNotes {
    package static func of(_ fleet: Fleet, under policy: Policy) -> [String] {
        let real = fleet.hosts.filter { $0.uri.hasPrefix("qemu") }
        guard !real.isEmpty else { return [] }
        var notes: [String] = []
        if !policy.migration.tls, !policy.migration.tunnelled {
            notes.append(
                "guests' memory, and disks that are copied, cross the network unencrypted: set "
                    + "'migration: {tls: true}' in the policy, with certificates in /etc/pki/qemu "
                    + "on all hosts")
        }
        let open = real.filter { $0.uri.hasPrefix("qemu+tcp") }.map(\.name)
        if !open.isEmpty {
            notes.append(
                "connections to \(open.map(\.rawValue).joined(separator: ", ")) are neither "
                    + "encrypted nor authenticated (qemu+tcp): use qemu+tls or qemu+ssh")
        }
        return notes
    }
}
