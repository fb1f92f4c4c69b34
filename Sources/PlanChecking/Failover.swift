import ClusterModel
import PlacementPolicy

/// Finds new homes for the domains of a host that has failed, on hosts that stay as they are.
struct Failover {
    private let subject: CheckedCase
    private let usage: HostUsage
    /// Hosts that may take over, in order of their names.
    private let takers: [Host]
    private let counted: [Domain]

    /// Places tried at most when nothing simpler finds room.
    private static let trialsAtMost = 20_000

    init(_ subject: CheckedCase, closed: Set<HostName>) {
        self.subject = subject
        usage = HostUsage(subject)
        takers = subject.snapshot.hosts.filter {
            $0.isReachable && !$0.inMaintenance && !closed.contains($0.name)
        }
        counted = subject.active.filter { Self.counts($0, subject) }.sorted { left, right in
            let memory = (left.facts.memory, right.facts.memory)
            if memory.0 != memory.1 { return memory.0 > memory.1 }
            let slots = max(1, subject.snapshot.demandSlots)
            let peaks = [left, right].map {
                subject.policy.cpuDemand(of: $0, slots: slots).max() ?? 0
            }
            return peaks[0] != peaks[1] ? peaks[0] > peaks[1] : left.id < right.id
        }
    }

    /// For a domain that cannot run anywhere else nobody can keep room.
    private static func counts(_ domain: Domain, _ subject: CheckedCase) -> Bool {
        domain.facts.blockers.isEmpty && !domain.facts.isPinned && !domain.facts.isExcluded
            && !subject.policy.pin.matches(domain.name)
            && !subject.policy.exclude.matches(domain.name)
            && (domain.facts.manager == nil
                || MobilityCheck.isGivenUp(domain.facts, subject.policy))
            && !subject.seenTwice.contains(domain.id)
            && subject.snapshot.hosts.contains {
                canRun(domain, on: $0, from: domain.host, subject)
            }
    }

    private static func canRun(
        _ domain: Domain, on host: Host, from source: HostName, _ subject: CheckedCase
    ) -> Bool {
        guard let from = subject.hosts[source], from.name != host.name, host.isReachable,
            from.facts?.uuid != host.facts?.uuid
        else { return false }
        return CompatibilityCheck.reasons(domain, from, host, subject.policy).isEmpty
            && CompatibilityCheck.width(
                domain.facts, from.facts, host.facts, subject.policy
            ).isEmpty
    }

    /// Where everything is, and what it takes there: worked out once, whichever host fails.
    struct Standing {
        fileprivate var places: [DomainID: Set<HostName>]
        fileprivate var loads: [HostResource: Int64] = [:]
        /// Domains that are on a host, and those that are on no other, biggest first.
        fileprivate var residents: [HostName: [DomainID]] = [:]
        fileprivate var victims: [HostName: [Domain]] = [:]
    }

    func standing(_ places: [DomainID: Set<HostName>]) -> Standing {
        var standing = Standing(places: places)
        for migration in subject.snapshot.inFlight {
            if let target = migration.target { standing.places[migration.domain]?.insert(target) }
        }
        for id in subject.sightings.keys {
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
        subject.seenTwice.contains(id)
            ? Set((subject.sightings[id] ?? []).map(\.host)) : places[id] ?? []
    }

    /// What a domain takes on all of its hosts but the failed one.
    private func taken(
        _ id: DomainID, _ places: [DomainID: Set<HostName>], without failed: HostName?
    ) -> [HostResource: Int64] {
        // Two hosts of one zone hold one member of a group of zones, not two: also where it is
        // seen on both, and stays there.
        var all: [HostResource: Int64] = [:]
        for domain in subject.sightings[id] ?? [] {
            let own = subject.seenTwice.contains(id) ? [domain.host] : places[id] ?? []
            for host in own where host != failed {
                all.merge(usage.taken(by: domain, on: host)) { one, _ in one }
            }
        }
        return all
    }

    /// What is needed on a host for one domain more; nil when it may not run there or has no room.
    private func taken(
        _ domain: Domain, on host: Host, from source: HostName, _ loads: [HostResource: Int64]
    ) -> [HostResource: Int64]? {
        let taken = usage.taken(by: domain, on: host.name)
        let hasRoom = taken.allSatisfy { resource, amount in
            let room =
                resource.rule == .antiAffinity ? usage.limit(resource) : usage.capacity(resource)
            return amount == 0 || loads[resource, default: 0] + amount <= room
        }
        guard hasRoom, Self.canRun(domain, on: host, from: source, subject) else { return nil }
        return taken
    }

    private func simply(
        _ victims: [Domain], from source: HostName, _ others: [Host],
        _ loads: [HostResource: Int64], emptiest: Bool
    ) -> Int64 {
        var (loads, left) = (loads, Int64(0))
        for domain in victims {
            var order = others
            if emptiest {
                let shares = Dictionary(
                    firstOf: others.map { ($0.name, share(of: $0, loads)) })
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

    private func share(of host: Host, _ loads: [HostResource: Int64]) -> Int64 {
        let load = loads[.memory(host.name), default: 0]
        let capacity = usage.capacity(.memory(host.name))
        if load <= 0 { return 0 }
        return capacity > 0 ? Int64(Int128(load) * 10_000 / Int128(capacity)) : 1_000_000
    }

    /// Tries everything, depth first, as far as the trials go.
    private func finds(
        _ victims: ArraySlice<Domain>, from source: HostName, _ others: [Host],
        _ loads: [HostResource: Int64], _ trials: inout Int
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
