package import ClusterModel
package import PlacementPolicy
package import Planning

/// A small random planning problem: a world, a policy and a request, all of them given by a number.
///
/// Every constraint of the model is met often enough: uneven hosts, reserves, overcommitment,
/// cells, huge pages, groups over hosts and zones, pins, bans, fences, exclusions, storage and
/// networks that not every host has, maintenance, hosts that are down or hold too much, migrations
/// under way, domains seen twice.
package struct FuzzProblem: Sendable {
    package let number: UInt64
    package let snapshot: ClusterSnapshot
    package let policy: Policy
    package let request: PlanRequest

    init(number: UInt64, snapshot: ClusterSnapshot, policy: Policy, request: PlanRequest) {
        self.number = number
        self.snapshot = snapshot
        self.policy = policy
        self.request = request
    }

    package init(number: UInt64) {
        self.number = number
        var random = SeededGenerator(seed: number)
        var world = FuzzWorld(&random)
        world.trouble(&random)
        snapshot = world.builder.snapshot
        policy = Self.policy(world, &random)
        request = Self.request(snapshot, &random)
    }

    private static func policy(
        _ world: FuzzWorld, _ random: inout SeededGenerator
    ) -> Policy {
        var policy = Policy(name: "fuzz")
        policy.reserve = Reserve(
            memory: .mebibytes(512 * Int64(random.int(0...2))),
            cpu: MilliCPU(Int64(random.int(0...2) * 250)))
        policy.overcommit.memoryThousandths = random.oneIn(4) ? 1250 : 1000
        policy.overcommit.cpuThousandths = [500, 1000, 4000][random.int(0...2)]
        policy.perDomainOverhead = .mebibytes([0, 128, 1024][random.int(0...2)])
        if random.oneIn(5) { policy.maxDomainsPerHost = random.int(1...4) }
        if random.oneIn(4) {
            policy.antiAffinity = [Self.group("odd", world, &random)]
        }
        if random.oneIn(6) { policy.affinity = [Self.group("pair", world, &random)] }
        if random.oneIn(8) { policy.ban = [Self.rule(world, &random)] }
        if random.oneIn(12) { policy.fence = [Self.rule(world, &random)] }
        if random.oneIn(15) { policy.pin = [world.domainPattern(&random)] }
        if random.oneIn(25) { policy.exclude = [world.domainPattern(&random)] }
        if random.oneIn(3) { policy.sharedStorage = [SharedStorage(path: "/srv")] }
        policy.limits = MigrationLimits(perHost: random.int(1...3), fleet: random.int(1...5))
        policy.balance.spread = Int64(random.int(0...4) * 1000)
        policy.balance.minGain = Int64(random.int(0...2) * 500)
        policy.balance.memoryLimit = Int64(random.int(5...10) * 1000)
        policy.balance.cpuLimit = Int64(random.int(5...10) * 1000)
        if random.oneIn(3) {
            policy.balance.measures = [random.oneIn(3) ? .cpu : .memory]
        }
        if random.oneIn(5) { policy.balance.maxMoves = random.int(0...3) }
        return policy
    }

    private static func group(
        _ name: String, _ world: FuzzWorld, _ random: inout SeededGenerator
    ) -> PlacementGroup {
        PlacementGroup(
            name: name,
            domains: (0..<random.int(1...3)).map { _ in world.domainPattern(&random) },
            scope: random.oneIn(2) ? .host : .zone)
    }

    private static func rule(_ world: FuzzWorld, _ random: inout SeededGenerator) -> HostRule {
        let hosts = (0..<random.int(1...2)).map { _ in
            NamePattern(world.builder.hosts.randomElement(using: &random)?.name.rawValue ?? "*")
        }
        return HostRule(domains: [world.domainPattern(&random)], hosts: hosts)
    }

    // MARK: Requests

    private static func request(
        _ snapshot: ClusterSnapshot, _ random: inout SeededGenerator
    ) -> PlanRequest {
        let names = snapshot.hosts.map(\.name)
        var request: PlanRequest
        switch random.int(1...10) {
        case 1...4:
            let busy = snapshot.domains.randomElement(using: &random)?.host
            let host = random.oneIn(8) ? nil : busy
            request = .drain([host ?? Self.one(names, &random)], bestEffort: random.oneIn(4))
        case 5:
            let hosts = [Self.one(names, &random), Self.one(names, &random)]
            request = .drain(hosts, bestEffort: random.oneIn(4))
        case 6, 7:
            let domains = snapshot.domains.filter { _ in random.oneIn(2) }.map { domain in
                let displacedAt = random.oneIn(2) ? domain.host : nil
                return ReturnMove(
                    domain.id, home: Self.one(names, &random),
                    displacedAt: random.oneIn(10) ? Self.one(names, &random) : displacedAt)
            }
            request = .return(domains, bestEffort: random.oneIn(2))
        case 8:
            let moves = snapshot.domains.filter { _ in !random.oneIn(3) }.map { domain in
                Move(domain: domain.id, source: domain.host, target: Self.one(names, &random))
            }
            request = .moves(moves, bestEffort: random.oneIn(2))
        default: request = .balance(maxMoves: random.oneIn(2) ? random.int(0...4) : nil)
        }
        if random.oneIn(6), let domain = snapshot.domains.randomElement(using: &random) {
            request.forbidden = [ForbiddenTarget(domain.id, Self.one(names, &random))]
        }
        if random.oneIn(10), let domain = snapshot.domains.randomElement(using: &random) {
            request.pinned = [domain.id]
        }
        return request
    }

    private static func one(
        _ names: [HostName], _ random: inout SeededGenerator
    ) -> HostName {
        names.randomElement(using: &random) ?? "host1"
    }
}

extension FuzzProblem: CustomStringConvertible {
    /// The problem as people read it, so that a disagreement can be looked into.
    package var description: String {
        let hosts = snapshot.hosts.map { host in
            "\(host.name) memory \(policy.usableMemory(of: host)) CPU \(policy.usableCPU(of: host))"
                + " zone \(host.zone?.rawValue ?? "-")"
                + (host.inMaintenance ? " in maintenance" : "")
                + (host.isReachable ? "" : " down") + " UUID \(host.facts?.uuid ?? "-")"
                + " cells "
                + "\((host.facts?.cells ?? []).map { "\($0.memory) \($0.hugePages.map(\.free))" })"
        }
        let domains = snapshot.domains.map { domain in
            let facts = domain.facts
            return "\(domain.name) on \(domain.host) \(facts.state.rawValue)"
                + " memory \(policy.memoryDemand(of: facts))"
                + " CPU \(policy.cpuDemand(of: domain, slots: snapshot.demandSlots))"
                + " apart \(facts.antiAffinityGroups) together \(facts.affinityGroups)"
                + (facts.hugePages.map { " pages \($0.pages)" } ?? "")
                + (facts.numa.map { " cells \($0.cells) strict \($0.isStrict)" } ?? "")
                + (facts.isPinned || facts.isExcluded || !facts.blockers.isEmpty ? " stays" : "")
        }
        let flights = snapshot.inFlight.map { "under way: \($0)" }
        let rules = [
            "apart \(policy.antiAffinity)", "together \(policy.affinity)", "ban \(policy.ban)",
            "fence \(policy.fence)", "pin \(policy.pin)", "balance \(policy.balance)",
            "N+1 \(policy.nPlusOne.rawValue) \(policy.consolidate) \(policy.reboot)",
            "most \(policy.maxDomainsPerHost.map(String.init) ?? "-")", "request \(request)",
        ]
        return (hosts + domains + flights + rules).joined(separator: "\n")
    }
}
