package import ClusterModel
package import PlacementPolicy

/// One look at the fleet: how full each host is now, and where domains are. Cheap, unlike a cluster
/// snapshot with its windows.
package struct RebalanceObservation: Sendable {
    /// A host at this moment.
    package struct HostNow: Sendable {
        package var name: HostName
        /// It is out of reach; its figures then mean nothing.
        package var isUnreachable: Bool
        /// Hundredths of a percent of what it may give.
        package var cpu: Int64
        package var memory: Int64
        /// Above a limit of `balance`, by this much.
        var excess: Int64 = 0

        package init(name: HostName, isUnreachable: Bool = false, cpu: Int64, memory: Int64 = 0) {
            self.name = name
            self.isUnreachable = isUnreachable
            self.cpu = cpu
            self.memory = memory
        }

        /// What its domains use of CPUs, and what memory is promised to them, of what this host may
        /// give under the policy.
        package init(
            _ host: Host, isUnreachable: Bool, cpu: MilliCPU, memory: Bytes, under policy: Policy
        ) {
            self.init(
                name: host.name, isUnreachable: isUnreachable,
                cpu: cpu.count * 10_000 / max(1, policy.usableCPU(of: host).count),
                memory: memory.count / max(1, policy.usableMemory(of: host).count / 10_000))
        }
    }

    package var at: Timestamp
    package var hosts: [HostNow]
    package var places: [(DomainID, HostName)]
    /// The hosts' figures are means of this many seconds; nil where they are the newest that there
    /// are.
    package var overSeconds: Int64?
    let isUneven: Bool

    package init(
        at: Timestamp, over seconds: Int64? = nil, hosts: [HostNow],
        places: [(DomainID, HostName)], under policy: Policy
    ) {
        overSeconds = seconds
        let rules = policy.balance
        self.at = at
        self.places = places
        self.hosts = hosts.map { host in
            var host = host
            host.excess = max(
                rules.measures.contains(.cpu) ? max(0, host.cpu - rules.cpuLimit) : 0,
                rules.measures.contains(.memory) ? max(0, host.memory - rules.memoryLimit) : 0)
            return host
        }
        let reached = hosts.filter { !$0.isUnreachable }
        func spread(_ share: (HostNow) -> Int64) -> Int64 {
            (reached.map(share).max() ?? 0) - (reached.map(share).min() ?? 0)
        }
        isUneven =
            (rules.measures.contains(.cpu) && spread(\.cpu) > rules.spread)
            || (rules.measures.contains(.memory) && spread(\.memory) > rules.spread)
    }
}
