import ClusterModel
import PlacementPolicy

/// The hosts and domains of a fuzzed problem.
struct FuzzWorld {
    var builder = ClusterBuilder()
    /// Memory in GiB that was given to domains so far, by host.
    private var given: [Int]
    private var size: [Int] = []

    /// Mostly two or three hosts with up to six domains; one in sixty-four is larger.
    init(_ random: inout SeededGenerator) {
        let isLarge = random.oneIn(64)
        let hosts = isLarge ? random.int(4...6) : random.oneIn(4) ? 4 : random.int(2...3)
        let domains = isLarge ? random.int(9...16) : random.int(1...(hosts == 4 ? 5 : 6))
        given = Array(repeating: 0, count: hosts)
        builder.slots = random.int(1...2)
        for index in 0..<hosts { addHost(index, &random) }
        let hasTraits = !random.oneIn(3)
        for index in 0..<domains { addDomain(index, hasTraits: hasTraits, &random) }
        settlePages(&random)
    }

    func domainPattern(_ random: inout SeededGenerator) -> NamePattern {
        if random.oneIn(6) { return "vm?" }
        return NamePattern(builder.domains.randomElement(using: &random)?.name ?? "vm0")
    }

    // MARK: Hosts

    private mutating func addHost(_ index: Int, _ random: inout SeededGenerator) {
        let gibibytes = random.int(4...10)
        let name = HostName("host\(index + 1)")
        let cells = random.oneIn(4) ? 0 : random.int(1...2)
        let share = Bytes.mebibytes(Int64(gibibytes) * 1024 / Int64(max(1, cells)))
        let host = builder.host(
            name, memory: .gibibytes(Int64(gibibytes)), cpus: random.int(2...8),
            zone: random.oneIn(3) ? nil : ZoneName("zone\(random.int(1...2))"),
            cells: (0..<cells).map { id in
                let pages = Int64(random.int(0...2) * 256)
                let pool = HugePagePool(pageSize: .mebibytes(2), total: pages, free: pages)
                return NUMACell(
                    id: id, memory: share, hugePages: pages > 0 || random.oneIn(2) ? [pool] : [])
            })
        size.append(gibibytes)
        builder.hosts[host].linkMbps = [100, 1000, 10_000][random.int(0...2)]
        if random.oneIn(3) { builder.hosts[host].reserve = nil }
        if random.oneIn(10) { builder.hosts[host].facts?.networks = [] }
        if random.oneIn(12) { builder.hosts[host].facts?.bridges = nil }
        if random.oneIn(40) { builder.hosts[host].facts?.pools[1].identity = "netfs:nfs:other" }
        if random.oneIn(40) { builder.hosts[host].facts?.pools = [ClusterBuilder.local] }
        if random.oneIn(25) { builder.hosts[host].facts?.guestSupport[0].machineTypes = ["q35"] }
        if random.oneIn(25) { builder.hosts[host].facts?.cpu.model = "Haswell" }
        if random.oneIn(30) { builder.hosts[host].facts?.securityModel = "selinux/0" }
    }

    /// Pages that domains hold are not free, and others may hold some too.
    private mutating func settlePages(_ random: inout SeededGenerator) {
        for host in builder.hosts.indices {
            var held = builder.domains.filter {
                $0.host == builder.hosts[host].name && $0.facts.state.isActive
            }.reduce(Int64(0)) { $0 + ($1.facts.hugePages?.pages ?? 0) }
            for cell in (builder.hosts[host].facts?.cells ?? []).indices {
                guard var pool = builder.hosts[host].facts?.cells[cell].hugePages.first else {
                    continue
                }
                let taken = min(held, pool.total)
                held -= taken
                pool.free = max(0, pool.total - taken - (random.oneIn(4) ? 128 : 0))
                builder.hosts[host].facts?.cells[cell].hugePages = [pool]
            }
        }
    }

    // MARK: Domains

    private mutating func addDomain(
        _ number: Int, hasTraits: Bool, _ random: inout SeededGenerator
    ) {
        let wanted = random.oneIn(2) ? random.int(1...4) : 1
        // Mostly where it fits, now and then where it does not.
        let order = given.indices.shuffled(using: &random)
        let fitting = order.first { given[$0] + wanted < size[$0] }
        guard let host = fitting ?? (random.oneIn(3) ? order.first : nil) else { return }
        given[host] += wanted
        let isIdle = random.oneIn(12)
        let cpu = (0..<builder.slots).map { _ in MilliCPU(Int64(random.int(0...8) * 250)) }
        let index = builder.domain(
            "vm\(number)", on: builder.hosts[host].name,
            memory: .mebibytes(Int64(wanted * 1024) - (random.oneIn(2) ? 128 : 0)),
            vcpus: random.int(1...4),
            cpu: random.oneIn(6) ? nil : random.oneIn(12) ? [500, 250, 750] : cpu,
            state: isIdle ? [.shutOff, .crashed, .shuttingDown][random.int(0...2)] : .running,
            disk: disk(number, &random))
        builder.domains[index].dirtyRate =
            random.oneIn(3) ? .mebibytes(Int64(random.int(1...500))) : nil
        if random.oneIn(10) { builder.domains[index].facts.balloon = .mebibytes(512) }
        if hasTraits { addTraits(to: &builder.domains[index].facts, &random) }
    }

    private func disk(_ number: Int, _ random: inout SeededGenerator) -> String? {
        guard random.oneIn(15) else { return nil }
        return random.oneIn(2) ? "/srv/vm\(number)" : "/var/lib/libvirt/images/vm\(number)"
    }

    private func addTraits(to facts: inout DomainFacts, _ random: inout SeededGenerator) {
        if random.oneIn(4) { facts.antiAffinityGroups = ["apart\(random.int(1...2))"] }
        if random.oneIn(6) { facts.affinityGroups = ["together\(random.int(1...2))"] }
        if random.oneIn(25) { facts.affinityGroups.append("together2") }
        if random.oneIn(6) {
            facts.hugePages = HugePageDemand(
                pageSize: .mebibytes(2), pages: Int64(random.int(1...2) * 128))
        }
        if random.oneIn(5) {
            facts.numa = NUMABinding(
                isStrict: !random.oneIn(4), cells: random.oneIn(3) ? [0, 1] : [random.int(0...1)])
        }
        if random.oneIn(25) { facts.isPinned = true }
        if random.oneIn(40) { facts.isExcluded = true }
        if random.oneIn(25) { facts.interfaces = [.network("default")] }
        if random.oneIn(25) {
            facts.guest.cpu = GuestCPU(mode: "host-passthrough", model: nil, requiredFeatures: [])
        }
        if random.oneIn(40) {
            facts.blockers = [
                Blocker(reason: .hostDevice, detail: "a host device", remedy: "detach it")
            ]
        }
    }

    // MARK: Trouble

    /// Hosts in maintenance, down, or too small for what they hold; migrations under way; a domain
    /// that is seen twice.
    mutating func trouble(_ random: inout SeededGenerator) {
        let names = builder.hosts.map(\.name)
        let firstUUID = builder.hosts[0].facts?.uuid ?? ""
        for index in builder.hosts.indices {
            if random.oneIn(20) { builder.hosts[index].inMaintenance = true }
            if random.oneIn(40) { builder.hosts[index].fault = "no route to host" }
            if random.oneIn(100) { builder.hosts[index].facts = nil }
            if random.oneIn(25) {
                builder.hosts[index].facts?.memory = .gibibytes(Int64(random.int(1...4)))
            }
            if index > 0, random.oneIn(60) {
                builder.hosts[index].facts?.uuid = firstUUID
            }
        }
        for domain in builder.domains where random.oneIn(40) {
            let target = random.oneIn(3) ? nil : names.randomElement(using: &random)
            builder.inFlight.append(
                MigrationInFlight(domain: domain.id, source: domain.host, target: target))
        }
        if random.oneIn(50), var twin = builder.domains.first {
            twin.host = names.last ?? twin.host
            if twin.host != builder.domains[0].host { builder.domains.append(twin) }
        }
    }
}
