import ClusterModel
import PlacementPolicy

/// Finds new homes for the domains of a host that has failed, on hosts that stay as they are.
struct Failover {
    private let it: CheckedCase
    private let ledger: Ledger
    /// Hosts that may take over, in order of their names.
    private let takers: [Host]
    private let counted: [Domain]

    /// Places tried at most when nothing simpler finds room.
    private static let trialsAtMost = 20_000

    init(_ it: CheckedCase, closed: Set<HostName>) {
        self.it = it
        ledger = Ledger(it)
        takers = it.snapshot.hosts.filter {
            $0.isReachable && !$0.inMaintenance && !closed.contains($0.name)
        }
        counted = it.active.filter { Self.counts($0, it) }.sorted { left, right in
            let memory = (left.facts.memory, right.facts.memory)
            if memory.0 != memory.1 { return memory.0 > memory.1 }
            let slots = max(1, it.snapshot.demandSlots)
            let peaks = [left, right].map { it.policy.cpuDemand(of: $0, slots: slots).max() ?? 0 }
            return peaks[0] != peaks[1] ? peaks[0] > peaks[1] : left.id < right.id
        }
    }

    /// For a domain that cannot run anywhere else nobody can keep room.
    private static func counts(_ domain: Domain, _ it: CheckedCase) -> Bool {
        domain.facts.blockers.isEmpty && !domain.facts.isPinned && !domain.facts.isExcluded
            && !it.policy.pin.matches(domain.name) && !it.policy.exclude.matches(domain.name)
            && !it.seenTwice.contains(domain.id)
            && it.snapshot.hosts.contains { canRun(domain, on: $0, from: domain.host, it) }
    }

    private static func canRun(
        _ domain: Domain, on host: Host, from source: HostName, _ it: CheckedCase
    ) -> Bool {
        guard let from = it.hosts[source], from.name != host.name, host.isReachable,
            from.facts?.uuid != host.facts?.uuid
        else { return false }
        return CompatibilityCheck.reasons(domain, from, host, it.policy).isEmpty
    }

    /// Where everything is, and what it takes there: worked out once, whichever host fails.
    struct Standing {
        fileprivate var places: [DomainID: Set<HostName>]
        fileprivate var loads: [Account: Int64] = [:]
        /// Domains that are on a host, and those that are on no other, biggest first.
        fileprivate var residents: [HostName: [DomainID]] = [:]
        fileprivate var victims: [HostName: [Domain]] = [:]
    }

    func standing(_ places: [DomainID: Set<HostName>]) -> Standing {
        var standing = Standing(places: places)
        for migration in it.snapshot.inFlight {
            if let target = migration.target { standing.places[migration.domain]?.insert(target) }
        }
        for id in it.sightings.keys {
            for host in hosts(of: id, standing.places) {
                standing.residents[host, default: []].append(id)
            }
            standing.loads.merge(
                taken(id, standing.places, without: nil), uniquingKeysWith: +)
        }
        for domain in counted {
            guard let own = standing.places[domain.id], own.count == 1, let host = own.first
            else { continue }
            standing.victims[host, default: []].append(domain)
        }
        return standing
    }

    /// Memory of the domains that would find no room; 0 when all do. `exact` looks for any way to
    /// place them, otherwise only the two simple ones count.
    func leftOver(ifFails host: Host, _ standing: Standing, exact: Bool = true) -> Int64 {
        guard host.isReachable, let victims = standing.victims[host.name] else { return 0 }
        var loads = standing.loads
        for id in standing.residents[host.name] ?? [] {
            loads.merge(
                taken(id, standing.places, without: nil).mapValues { -$0 }, uniquingKeysWith: +)
            loads.merge(
                taken(id, standing.places, without: host.name), uniquingKeysWith: +)
        }
        let others = takers.filter { $0.name != host.name }
        var left = simply(victims, from: host.name, others, loads, emptiest: false)
        if left > 0 {
            left = min(left, simply(victims, from: host.name, others, loads, emptiest: true))
        }
        guard left > 0, exact else { return left }
        var trials = Self.trialsAtMost
        return finds(victims[...], from: host.name, others, loads, &trials) ? 0 : left
    }

    /// A domain that is seen twice never moves: each sighting counts where it is.
    private func hosts(
        of id: DomainID, _ places: [DomainID: Set<HostName>]
    ) -> Set<HostName> {
        it.seenTwice.contains(id)
            ? Set((it.sightings[id] ?? []).map(\.host)) : places[id] ?? []
    }

    /// What a domain takes on all of its hosts but the failed one.
    private func taken(
        _ id: DomainID, _ places: [DomainID: Set<HostName>], without failed: HostName?
    ) -> [Account: Int64] {
        // Two hosts of one zone hold one member of a group of zones, not two: also where it is
        // seen on both, and stays there.
        var all: [Account: Int64] = [:]
        for domain in it.sightings[id] ?? [] {
            let own = it.seenTwice.contains(id) ? [domain.host] : places[id] ?? []
            for host in own where host != failed {
                all.merge(ledger.taken(by: domain, on: host)) { one, _ in one }
            }
        }
        return all
    }

    /// What is needed on a host for one domain more; nil when it may not run there or has no room.
    private func taken(
        _ domain: Domain, on host: Host, from source: HostName, _ loads: [Account: Int64]
    ) -> [Account: Int64]? {
        let taken = ledger.taken(by: domain, on: host.name)
        let hasRoom = taken.allSatisfy { account, amount in
            let room =
                account.rule == .antiAffinity ? ledger.limit(account) : ledger.capacity(account)
            return amount == 0 || loads[account, default: 0] + amount <= room
        }
        guard hasRoom, Self.canRun(domain, on: host, from: source, it) else { return nil }
        return taken
    }

    private func simply(
        _ victims: [Domain], from source: HostName, _ others: [Host],
        _ loads: [Account: Int64], emptiest: Bool
    ) -> Int64 {
        var (loads, left) = (loads, Int64(0))
        for domain in victims {
            var order = others
            if emptiest {
                let shares = Dictionary(
                    others.map { ($0.name, share(of: $0, loads)) },
                    uniquingKeysWith: { one, _ in one })
                order.sort {
                    (shares[$0.name] ?? 0, $0.name) < (shares[$1.name] ?? 0, $1.name)
                }
            }
            let taken = order.lazy.compactMap { self.taken(domain, on: $0, from: source, loads) }
            if let taken = taken.first {
                loads.merge(taken, uniquingKeysWith: +)
            } else {
                left += domain.facts.memory.count
            }
        }
        return left
    }

    private func share(of host: Host, _ loads: [Account: Int64]) -> Int64 {
        let load = loads[.memory(host.name), default: 0]
        let capacity = ledger.capacity(.memory(host.name))
        if load <= 0 { return 0 }
        return capacity > 0 ? Int64(Int128(load) * 10_000 / Int128(capacity)) : 1_000_000
    }

    /// Tries everything, depth first, as far as the trials go.
    private func finds(
        _ victims: ArraySlice<Domain>, from source: HostName, _ others: [Host],
        _ loads: [Account: Int64], _ trials: inout Int
    ) -> Bool {
        guard let domain = victims.first else { return true }
        for host in others {
            guard trials > 0 else { return false }
            trials -= 1
            guard let taken = taken(domain, on: host, from: source, loads) else { continue }
            if finds(
                victims.dropFirst(), from: source, others,
                loads.merging(taken, uniquingKeysWith: +), &trials)
            {
                return true
            }
        }
        return false
    }
}
