import ClusterModel

/// A saved cluster snapshot, which anyone may have edited: put in order and looked through, so that
/// planning from a file can rely on what it relies on when it looks at hosts.
enum SnapshotFile {
    /// No host or domain has more, by a thousand times; sums of these can not overflow.
    static let mostMemory = Bytes.gibibytes(1 << 20)
    static let mostCPUs = 1_000_000

    static func read(_ path: String) throws -> ClusterSnapshot {
        let read = try JSON.read(
            ClusterSnapshot.self, "a snapshot that 'kvmbalance snapshot --save' wrote", from: path)
        let faults = faults(of: read)
        guard faults.isEmpty else {
            throw CommandError(
                "\(path) is not a snapshot that can be planned for:\n  "
                    + faults.joined(separator: "\n  "))
        }
        return ClusterSnapshot(
            observedAt: read.observedAt, hosts: read.hosts, domains: read.domains,
            inFlight: read.inFlight, demandSlots: read.demandSlots)
    }

    static func faults(of snapshot: ClusterSnapshot) -> [String] {
        guard snapshot.version == ClusterSnapshot.currentVersion else {
            return [
                "its version is \(snapshot.version), and \(ClusterSnapshot.currentVersion) is the "
                    + "only one known here"
            ]
        }
        var faults: [String] = []
        if !(1...10_000).contains(snapshot.demandSlots) {
            faults.append("demandSlots is \(snapshot.demandSlots), not 1 to 10000")
        }
        var names: Set<HostName> = []
        for host in snapshot.hosts {
            if !names.insert(host.name).inserted {
                faults.append("host \(host.name) is there twice")
            }
            faults += self.faults(of: host)
        }
        for domain in snapshot.domains {
            if !names.contains(domain.host) {
                faults.append("domain '\(domain.name)' is on \(domain.host), which is not there")
            }
            faults += self.faults(of: domain)
        }
        return faults
    }

    private static func faults(of host: Host) -> [String] {
        var faults: [String] = []
        if !(1...1_000_000).contains(host.linkMbps) {
            faults.append("host \(host.name): linkMbps is \(host.linkMbps), not 1 to 1000000")
        }
        guard let facts = host.facts else { return faults }
        let sizes =
            [facts.memory] + facts.cells.map(\.memory)
            + facts.cells.flatMap { $0.hugePages.map(\.pageSize) }
        if !sizes.allSatisfy(isPlausible) || !(1...mostCPUs).contains(facts.cpu.logicalCPUs) {
            faults.append("host \(host.name): its memory or CPU count is absurd")
        }
        return faults
    }

    private static func faults(of domain: Domain) -> [String] {
        let facts = domain.facts
        let demand = domain.demand.cpu ?? []
        let isPlausible =
            isPlausible(facts.memory) && (1...mostCPUs).contains(facts.vcpus)
            && demand.allSatisfy { (0...Int64(mostCPUs) * 1000).contains($0.count) }
            && isPlausible(facts.hugePages)
        return isPlausible ? [] : ["domain '\(domain.name)': its memory, CPUs or demand is absurd"]
    }

    private static func isPlausible(_ demand: HugePageDemand?) -> Bool {
        guard let demand else { return true }
        let (bytes, overflow) = demand.pageSize.count.multipliedReportingOverflow(by: demand.pages)
        return !overflow && demand.pages >= 0 && isPlausible(Bytes(bytes))
    }

    private static func isPlausible(_ size: Bytes) -> Bool {
        size >= .zero && size <= mostMemory
    }
}
