import ClusterModel
import PlacementPolicy

/// Guests that a drain stopped where they were and that are to run there again: who can be started,
/// and what has become of the others.
struct GuestStarts {
    private(set) var starts: [StoppedGuest] = []
    /// What stands against starting some of them now.
    private(set) var blockers: [Blocker] = []
    /// Those that somebody else has changed meanwhile: they are left alone, and so the rest is
    /// planned all the same.
    private(set) var skipped: [Blocker] = []
    /// Those that run already, as those do that start with their host.
    private(set) var running: [PlanNote] = []

    init(_ request: PlanRequest, _ snapshot: ClusterSnapshot, under policy: Policy) {
        for guest in request.starts.sorted(by: { $0.domain < $1.domain }) {
            let entries = snapshot.domains.filter { $0.id == guest.domain }
            let seen =
                entries.first { $0.facts.state.isActive }
                ?? entries.first { $0.host == guest.host } ?? entries.first
            look(at: guest, seen, snapshot, request)
        }
        leaveOutWhatDoesNotFit(snapshot, policy)
    }

    private mutating func look(
        at guest: StoppedGuest, _ seen: Domain?, _ snapshot: ClusterSnapshot,
        _ request: PlanRequest
    ) {
        guard let host = snapshot.host(guest.host) else {
            return skip(seen?.name ?? guest.domain.rawValue, "\(guest.host) is not in the fleet")
        }
        guard host.isReachable else {
            let name = seen?.name ?? guest.domain.rawValue
            blockers.append(
                Blocker(
                    domain: name, host: host.name, reason: .unreachable,
                    detail: "it was stopped on \(host.name), which does not respond",
                    remedy: "kvmbalance hosts check \(host.name)"))
            return
        }
        guard let domain = seen else {
            return skip(guest.domain.rawValue, "no host has it any longer")
        }
        if domain.facts.state.isActive {
            guard domain.host == guest.host else {
                return skip(domain.name, "it runs on \(domain.host) by now")
            }
            running.append(
                PlanNote(names: [domain.name], reason: "it runs on \(domain.host) already"))
            return
        }
        guard domain.host == guest.host else {
            return skip(domain.name, "it is defined on \(domain.host) by now, and off")
        }
        if let other = domain.facts.otherDefinitions?.first {
            return skip(domain.name, "\(other) has a definition of it too: see which is right")
        }
        guard domain.facts.hasManagedSave == guest.isSaved else {
            return skip(
                domain.name,
                guest.isSaved
                    ? "its saved memory is gone, and it would boot as after a loss of power"
                    : "somebody has saved its memory since")
        }
        if request.forbidden.contains(ForbiddenTarget(domain.id, domain.host)) {
            blockers.append(
                Blocker(
                    domain: domain.name, host: domain.host, reason: .state,
                    detail: "it is off on \(domain.host), and could not be started",
                    remedy: "start it there (virsh start \(domain.name.quotedForShell))"))
            return
        }
        starts.append(guest)
    }

    private mutating func skip(_ name: String, _ detail: String) {
        skipped.append(
            Blocker(
                domain: name, reason: .state, detail: "left alone: \(detail)",
                remedy: "start it by hand (virsh start) if it should run"))
    }

    /// The host may have been filled meanwhile: the smaller ones first, as long as there is room.
    private mutating func leaveOutWhatDoesNotFit(_ snapshot: ClusterSnapshot, _ policy: Policy) {
        guard !starts.isEmpty else { return }
        let domains = Dictionary(firstOf: snapshot.domains.map { ($0.id, $0) })
        let demand = { (id: DomainID) in
            domains[id].map { policy.memoryDemand(of: $0.facts).count } ?? 0
        }
        var free: [HostName: Int64] = [:]
        for host in Set(starts.map(\.host)) {
            let usable = snapshot.host(host).map { policy.usableMemory(of: $0).count } ?? 0
            free[host] = snapshot.domains(on: host).filter(\.facts.state.isActive)
                .reduce(usable) { $0 - policy.memoryDemand(of: $1.facts).count }
        }
        for guest in starts.sorted(by: {
            (demand($0.domain), $0.domain) < (demand($1.domain), $1.domain)
        }) {
            let needed = demand(guest.domain)
            let left = free[guest.host, default: 0]
            if domains[guest.domain]?.facts.hugePages != nil { continue }
            guard needed > left else {
                free[guest.host] = left - needed
                continue
            }
            starts.removeAll { $0 == guest }
            blockers.append(
                Blocker(
                    domain: domains[guest.domain]?.name, host: guest.host, reason: .memory,
                    detail: "it was stopped on \(guest.host), which has \(Bytes(max(0, left))) "
                        + "of memory free by now, and it takes \(Bytes(needed))",
                    remedy: "move guests away from \(guest.host), then return again"))
        }
    }

    /// The world in which they run already: so their room is nobody else's from the beginning.
    func applied(to snapshot: ClusterSnapshot) -> ClusterSnapshot {
        let started = Set(starts.map(\.domain))
        guard !started.isEmpty else { return snapshot }
        let domains = snapshot.domains.map { domain in
            guard started.contains(domain.id) else { return domain }
            var domain = domain
            domain.facts.state = .running
            return domain
        }
        return ClusterSnapshot(
            snapshot, hosts: snapshot.hosts, domains: domains, inFlight: snapshot.inFlight)
    }
}
