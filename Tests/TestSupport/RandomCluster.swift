import ClusterModel

/// Random clusters with the traits that plans have to mind: uneven hosts, groups, huge pages,
/// cells, pins, local disks, hosts in maintenance, migrations under way.
package enum RandomCluster {
    package static func small(seed: UInt64) -> ClusterBuilder {
        var random = SeededGenerator(seed: seed)
        return make(
            hosts: random.int(2...4), domains: random.int(3...9), fill: random.int(5...19),
            using: &random)
    }

    package static func medium(seed: UInt64) -> ClusterBuilder {
        var random = SeededGenerator(seed: seed)
        return make(
            hosts: random.int(4...9), domains: random.int(20...60), fill: random.int(8...19),
            using: &random)
    }

    /// As above, and besides: hosts that hold more than they have, one that is down, migrations
    /// under way.
    package static func troubled(seed: UInt64) -> ClusterBuilder {
        var random = SeededGenerator(seed: seed ^ 0xabc)
        var cluster = seed % 3 == 0 ? medium(seed: seed) : small(seed: seed)
        for index in cluster.hosts.indices where random.oneIn(6) {
            cluster.hosts[index].facts?.memory = .gibibytes(Int64(random.int(2...20)))
        }
        for domain in cluster.domains where random.oneIn(15) {
            let target = cluster.hosts[random.int(0...cluster.hosts.count - 1)].name
            cluster.inFlight.append(
                MigrationInFlight(
                    domain: domain.id, source: domain.host, target: random.oneIn(3) ? nil : target))
        }
        if random.oneIn(8) {
            cluster.hosts[random.int(0...cluster.hosts.count - 1)].fault = "no route to host"
        }
        return cluster
    }

    /// `fill` twentieths of the fleet's memory are promised, more or less.
    private static func make(
        hosts: Int, domains: Int, fill: Int, using random: inout SeededGenerator
    ) -> ClusterBuilder {
        var cluster = ClusterBuilder()
        cluster.slots = random.int(1...3)
        var room: [Int64] = []
        for index in 0..<hosts {
            let gibibytes = Int64(random.int(8...24))
            let pages = HugePagePool(pageSize: .mebibytes(2), total: 1024, free: 1024)
            let cells = (0..<2).map {
                NUMACell(id: $0, memory: Bytes.gibibytes(gibibytes), hugePages: [pages])
            }
            let name = HostName("host\(index + 1)")
            cluster.host(
                name, memory: .gibibytes(gibibytes * 2), cpus: random.int(8...16),
                zone: random.oneIn(3) ? nil : ZoneName("zone\(index % 2)"), cells: cells)
            if index > 0, random.oneIn(15) {
                cluster.hosts[index].inMaintenance = true
            }
            room.append(gibibytes * 2 - 4)
        }
        let total = room.reduce(0, +) * Int64(fill) / 20
        for index in 0..<domains {
            let typical = max(1, Int(total) / domains)
            let size = Int64(random.int(1...max(2, typical * 2 - 1)))
            let host = (0..<hosts).shuffled(using: &random).first { room[$0] >= size }
            guard let host else { continue }
            room[host] -= size
            addDomain(index, on: host, size: size, to: &cluster, using: &random)
        }
        return cluster
    }

    private static func addDomain(
        _ number: Int, on host: Int, size: Int64, to cluster: inout ClusterBuilder,
        using random: inout SeededGenerator
    ) {
        let cpu = (0..<cluster.slots).map { _ in MilliCPU(Int64(random.int(0...2000))) }
        let index = cluster.domain(
            "vm\(number)", on: cluster.hosts[host].name,
            memory: .gibibytes(size) - .mebibytes(128), vcpus: random.int(1...4),
            cpu: random.oneIn(5) ? nil : cpu,
            state: random.oneIn(12) ? .paused : random.oneIn(12) ? .shutOff : .running,
            disk: random.oneIn(25) ? "/var/lib/libvirt/images/vm\(number)" : nil)
        var facts = cluster.domains[index].facts
        if random.oneIn(6) { facts.antiAffinityGroups = ["apart\(random.int(1...2))"] }
        if random.oneIn(8) { facts.affinityGroups = ["together\(random.int(1...2))"] }
        if random.oneIn(10) {
            // All of its memory: what is not in such pages would be ordinary.
            facts.memory = .mebibytes(512)
            facts.hugePages = HugePageDemand(pageSize: .mebibytes(2), pages: 256)
        }
        if random.oneIn(8) {
            facts.numa = NUMABinding(isStrict: true, cells: random.oneIn(3) ? [0, 1] : [0])
        }
        if random.oneIn(30) { facts.isPinned = true }
        cluster.domains[index].facts = facts
        if random.oneIn(4) { cluster.domains[index].dirtyRate = .mebibytes(200) }
    }
}
