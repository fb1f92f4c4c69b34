package import ClusterModel
package import PlacementPolicy

/// A made-up fleet of any size: racks of forty hosts as zones, two NUMA cells a host, huge pages on
/// some, domains bound to cells, anti-affinity groups over hosts and over zones, uneven load.
package struct LargeFleet {
    package private(set) var builder = ClusterBuilder()
    private var random: SeededGenerator
    private var free: [Int64]
    private var pagesFree: [Int64]
    /// How full each host is meant to be, in hundredths.
    private var wanted: [Int64]
    private var used: [[Int64]]
    private let hosts: Int

    package static let rack = 40
    private static let zoneGroups = 200

    package init(hosts: Int, domains: Int, seed: UInt64) {
        self.hosts = hosts
        random = SeededGenerator(seed: seed)
        free = []
        pagesFree = []
        wanted = []
        used = []
        builder.slots = 4
        for index in 0..<hosts { addHost(index) }
        let memory = free.reduce(0, +)
        // Sizes of 1 to 32 GiB, scaled so that six tenths of the fleet's memory are given out.
        let scale = max(1, memory * 6 / 10 / Int64(max(1, domains)) * 16 / 113)
        var (number, tenants) = (0, 0)
        while number < domains {
            let group = random.oneIn(3) ? random.int(3...5) : 1
            let isOverZones = group > 1 && tenants < Self.zoneGroups && random.oneIn(4)
            if isOverZones { tenants += 1 }
            number += addGroup(
                number, min(group, domains - number), scale: scale,
                tenant: isOverZones ? tenants - 1 : nil)
        }
    }

    package var snapshot: ClusterSnapshot { builder.snapshot }

    /// Keeps the databases of each of two hundred tenants in different racks, as far as racks go.
    package static let policy: Policy = {
        var policy = Policy(name: "fleet")
        policy.overcommit.cpuThousandths = 2000
        policy.antiAffinity = (0..<zoneGroups).map {
            PlacementGroup(
                name: "tenant\($0)", domains: [NamePattern("tenant\($0)-db*")], scope: .zone)
        }
        return policy
    }()

    package static func name(_ host: Int) -> HostName {
        let digits = "\(host)"
        return HostName("h" + String(repeating: "0", count: max(0, 5 - digits.count)) + digits)
    }

    private mutating func addHost(_ index: Int) {
        let isLarge = random.oneIn(10)
        let gibibytes: Int64 = isLarge ? 512 : 256
        let pages: Int64 = random.oneIn(8) ? 8192 : 0
        let cells = (0..<2).map { id in
            NUMACell(
                id: id, memory: .gibibytes(gibibytes / 2),
                hugePages: pages > 0
                    ? [HugePagePool(pageSize: .mebibytes(2), total: pages, free: pages)] : [])
        }
        builder.host(
            Self.name(index), memory: .gibibytes(gibibytes), cpus: isLarge ? 96 : 64,
            zone: ZoneName("rack\(index / Self.rack)"), cells: cells)
        let usable = gibibytes - pages * 2 * 2 / 1024 - 1
        free.append(usable * 1024)
        pagesFree.append(pages * 2)
        used.append([0, 0])
        wanted.append(Int64(random.int(25...95)))
    }

    /// Adds the members of one service, each on another host; returns how many.
    private mutating func addGroup(_ number: Int, _ size: Int, scale: Int64, tenant: Int?) -> Int {
        var taken: Set<Int> = []
        for offset in 0..<size {
            let memory = max(256, (Int64(1) << Int64(random.int(0...5))) * scale / 2)
            let hasPages = random.oneIn(40)
            guard
                let host = place(memory, hasPages: hasPages, tenant: tenant, besides: &taken)
            else { continue }
            let name = tenant.map { "tenant\($0)-db\(number + offset)" } ?? "app\(number + offset)"
            let base = Int64(random.int(50...1500))
            let index = builder.domain(
                name, on: builder.hosts[host].name, memory: .mebibytes(memory),
                vcpus: random.int(1...8),
                cpu: (0..<4).map { _ in MilliCPU(base * Int64(random.int(5...15)) / 10) })
            var facts = builder.domains[index].facts
            if size > 1, tenant == nil { facts.antiAffinityGroups = ["service\(number)"] }
            if hasPages {
                facts.hugePages = HugePageDemand(pageSize: .mebibytes(2), pages: memory / 2)
            } else if random.oneIn(20) {
                facts.numa = bind(memory, host)
            }
            builder.domains[index].facts = facts
            if random.oneIn(4) {
                builder.domains[index].dirtyRate = .mebibytes(Int64(random.int(1...200)))
            }
        }
        return size
    }

    private mutating func bind(_ memory: Int64, _ host: Int) -> NUMABinding? {
        let cell = used[host][0] <= used[host][1] ? 0 : 1
        let pages = builder.hosts[host].facts?.cells[cell].hugePages.first?.total ?? 0
        let room = (builder.hosts[host].facts?.cells[cell].memory.count ?? 0) / 1_048_576
        guard used[host][cell] + memory + 128 <= (room - pages * 2) / 2 else { return nil }
        used[host][cell] += memory + 128
        return NUMABinding(isStrict: true, cells: [cell])
    }

    /// Where it fits, of a few hosts the one that is furthest from how full it is meant to be.
    private mutating func place(
        _ memory: Int64, hasPages: Bool, tenant: Int?, besides taken: inout Set<Int>
    ) -> Int? {
        var best: (host: Int, lack: Int64)?
        for _ in 0..<(hasPages ? 40 : 6) {
            let host = random.int(0...hosts - 1)
            let item = tenant == nil ? host : -1 - host / Self.rack
            let fits =
                hasPages
                ? pagesFree[host] >= memory / 2 && free[host] >= 128
                : free[host] >= memory + 128
            guard fits, !taken.contains(item) else { continue }
            let total = (builder.hosts[host].facts?.memory.count ?? 1) / 1_048_576
            let lack = wanted[host] - (total - free[host]) * 100 / total
            if lack > best?.lack ?? Int64.min { best = (host, lack) }
        }
        guard let best else { return nil }
        let host = best.host
        if hasPages {
            pagesFree[host] -= memory / 2
            takePages(memory / 2, host)
            free[host] -= 128
        } else {
            free[host] -= memory + 128
        }
        taken.insert(tenant == nil ? host : -1 - host / Self.rack)
        return host
    }

    private mutating func takePages(_ pages: Int64, _ host: Int) {
        var left = pages
        for cell in 0..<2 {
            guard var pool = builder.hosts[host].facts?.cells[cell].hugePages.first else {
                continue
            }
            let taken = min(left, pool.free)
            pool.free -= taken
            left -= taken
            builder.hosts[host].facts?.cells[cell].hugePages = [pool]
        }
    }
}
