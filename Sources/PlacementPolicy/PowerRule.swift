package import ClusterModel

/// What hosts of a kind draw. Of several rules that name a host the first one holds.
package struct PowerRule: Hashable, Sendable {
    package var hosts: [NamePattern]
    package var curve: PowerCurve

    package init(hosts: [NamePattern], curve: PowerCurve) {
        self.hosts = hosts
        self.curve = curve
    }
}

extension Policy {
    /// The curves of these hosts, of those that have one.
    package func curves(of hosts: [Host]) -> [HostName: PowerCurve] {
        var curves: [HostName: PowerCurve] = [:]
        for host in hosts {
            curves[host.name] =
                power.first { $0.hosts.matches(host.name.rawValue) }?.curve
        }
        return curves
    }
}
