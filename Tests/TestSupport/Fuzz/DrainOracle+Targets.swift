import ClusterModel
import PlacementPolicy
import Planning

/// Which domains may move at all, and to where, in the little world that the fuzzer makes.
extension DrainOracle {
    /// The hosts that all is asked to leave; nil where something else is asked, or not all of it.
    static func drained(_ request: PlanRequest) -> Set<HostName>? {
        switch request.goal {
        case .drain(let hosts, bestEffort: false): Set(hosts)
        case .move(bestEffort: false): []
        case .drain, .move, .return, .moves, .balance, .consolidate: nil
        }
    }

    static func leaving(_ problem: FuzzProblem, _ drained: Set<HostName>) -> Set<DomainID> {
        let wishes = problem.request.wishes
        let stay = Set(wishes.except.map(\.domain))
        let domains = problem.snapshot.domains
        let drained = domains.filter { drained.contains($0.host) && $0.facts.state.isActive }
        let moved = wishes.moves.map(\.domain).filter { id in
            let seen = domains.filter { $0.id == id }
            let host = (seen.first { $0.facts.state.isActive } ?? seen.first)?.host
            return !wishes.to.contains { $0 == host }
        }
        return Set(drained.map(\.id) + moved).subtracting(stay)
    }

    static func isMovable(_ domain: Domain, _ problem: FuzzProblem) -> Bool {
        let policy = problem.policy
        return domain.facts.blockers.isEmpty && !domain.facts.isPinned && !domain.facts.isExcluded
            && domain.facts.state == .running && !policy.pin.matches(domain.name)
            && !policy.exclude.matches(domain.name)
            && !problem.request.pinned.contains(domain.id) && !isSettled(domain, problem)
            && !problem.snapshot.inFlight.contains { $0.domain == domain.id }
            && problem.snapshot.host(domain.host)?.isReachable == true
    }

    /// Is it to stay where it is?
    private static func isSettled(_ domain: Domain, _ problem: FuzzProblem) -> Bool {
        let wishes = problem.request.wishes
        return wishes.except.contains { $0.domain == domain.id }
            || wishes.to.contains(domain.host) && wishes.moves.contains { $0.domain == domain.id }
    }

    static func mayGo(
        _ domain: Domain, from source: Host, to target: Host, _ problem: FuzzProblem
    ) -> Bool {
        guard let from = source.facts, let to = target.facts, target.fault == nil,
            source.name != target.name, from.uuid != to.uuid, !target.inMaintenance,
            !problem.request.forbidden.contains(ForbiddenTarget(domain.id, target.name))
        else { return false }
        let isTooWide =
            domain.facts.vcpus > to.cpu.logicalCPUs
            && to.cpu.logicalCPUs < from.cpu.logicalCPUs
            && !problem.policy.wideGuests.matches(domain.name)
        return !isTooWide
            && obeysRules(domain, target, problem.policy) && fitsPlatform(domain.facts, from, to)
            && reachesStorage(domain.facts, from, to, problem.policy)
    }

    private static func obeysRules(_ domain: Domain, _ target: Host, _ policy: Policy) -> Bool {
        !policy.ban.contains {
            $0.domains.matches(domain.name) && $0.hosts.matches(target.name.rawValue)
        }
            && policy.fence.allSatisfy {
                !$0.domains.matches(domain.name) || $0.hosts.matches(target.name.rawValue)
            }
    }

    private static func fitsPlatform(
        _ facts: DomainFacts, _ from: HostFacts, _ to: HostFacts
    ) -> Bool {
        let machines = to.guestSupport.flatMap(\.machineTypes)
        let cells = facts.numa?.isStrict == true ? facts.numa?.cells ?? [] : []
        let isPassthrough = facts.guest.cpu.mode == "host-passthrough"
        return facts.guest.machineType.map(machines.contains) ?? true
            && (!isPassthrough || from.cpu.model == to.cpu.model)
            && (facts.interfaces.isEmpty || to.networks.contains("default"))
            && from.securityModel == to.securityModel
            && cells.allSatisfy { cell in to.cells.contains { $0.id == cell } }
    }

    /// Disks lie under /shared, which some hosts lack or have from elsewhere, under /srv, which
    /// only the policy can declare shared, or in a local folder.
    private static func reachesStorage(
        _ facts: DomainFacts, _ from: HostFacts, _ to: HostFacts, _ policy: Policy
    ) -> Bool {
        facts.disks.allSatisfy { disk in
            guard case .file(let path) = disk.source else { return true }
            if path.hasPrefix("/srv/") { return !policy.sharedStorage.isEmpty }
            guard path.hasPrefix("/shared/") else { return false }
            let identities = [from, to].map { host in
                host.pools.first { $0.name == "shared" }?.identity
            }
            return identities[0] != nil && identities[0] == identities[1]
        }
    }
}
