import ClusterModel
import PlacementPolicy

/// Every host has its turn once, in a round of a size that the policy allows; when it comes,
/// nothing runs there; and domains that left return where the policy says so.
enum RebootCheck {
    static func violations(
        _ reboot: RollingReboot, _ snapshot: ClusterSnapshot, _ policy: Policy
    ) -> [Violation] {
        guard reboot.outcome == .plan else {
            let isSilent = reboot.outcome == .infeasible && reboot.blockers.isEmpty
            let hasRounds = !reboot.rounds.isEmpty
            return (isSilent ? [Violation(.blockers, "infeasible, and nothing says why")] : [])
                + (hasRounds ? [Violation(.outcome, "rounds where nothing is to be done")] : [])
        }
        var found = turns(reboot, snapshot)
        var world = snapshot
        for (index, round) in reboot.rounds.enumerated() {
            var own: [Violation] = []
            if let most = policy.reboot.hostsPerRound, round.hosts.count > most {
                own.append(Violation(.reboot, "\(round.hosts.count) hosts where \(most) may be"))
            }
            own += PlanChecker.check(round.away, on: world, under: policy)
            if round.away.kind != .drain || Set(round.away.hosts) != Set(round.hosts) {
                own.append(Violation(.reboot, "its plan is not a drain of its hosts"))
            }
            let full = world
            world = world.applying(round.away.moves)
            let empty = Set(round.hosts)
            for domain in world.domains
            where empty.contains(domain.host) && domain.facts.state.isActive {
                own.append(Violation(.reboot, host: domain.host, "\(domain.name) runs there"))
            }
            if let back = round.back {
                own += PlanChecker.check(back, on: world, under: policy)
                world = world.applying(back.moves)
            }
            if policy.reboot.bringsBack { own += notHome(round, full, world) }
            found += own.map { violation in
                var violation = violation
                violation.detail = "round \(index + 1): \(violation.detail)"
                return violation
            }
        }
        return found
    }

    private static func turns(
        _ reboot: RollingReboot, _ snapshot: ClusterSnapshot
    ) -> [Violation] {
        var found: [Violation] = []
        var turns: [HostName: Int] = [:]
        for round in reboot.rounds {
            if round.hosts.isEmpty { found.append(Violation(.reboot, "a round without hosts")) }
            for host in round.hosts { turns[host, default: 0] += 1 }
        }
        let residents = Dictionary(grouping: snapshot.domains, by: \.name)
        let excused = Set(
            reboot.blockers.compactMap(\.host)
                + reboot.blockers.compactMap(\.domain).flatMap { name in
                    residents[name, default: []].map(\.host)
                })
        for host in reboot.hosts where turns[host] == nil && !excused.contains(host) {
            found.append(Violation(.reboot, host: host, "it has no turn, and nothing says why"))
        }
        let asked = Set(reboot.hosts)
        let reachable = Set(snapshot.hosts.filter(\.isReachable).map(\.name))
        for (host, count) in turns.sorted(by: { $0.key < $1.key }) {
            if count > 1 { found.append(Violation(.reboot, host: host, "it has \(count) turns")) }
            if !asked.contains(host) {
                found.append(Violation(.reboot, host: host, "nobody asked for it"))
            }
            if !reachable.contains(host) {
                found.append(Violation(.reboot, host: host, "it is unreachable"))
            }
        }
        return found
    }

    private static func notHome(
        _ round: RollingReboot.Round, _ before: ClusterSnapshot, _ after: ClusterSnapshot
    ) -> [Violation] {
        let excused = Set(round.back?.blockers.compactMap(\.domain) ?? [])
        let rebooted = Set(round.hosts)
        let place = Dictionary(
            firstOf: after.domains.map { ($0.id, $0.host) })
        return before.domains.compactMap { domain in
            guard rebooted.contains(domain.host), domain.facts.state.isActive,
                !excused.contains(domain.name), place[domain.id] != domain.host
            else { return nil }
            return Violation(.reboot, host: domain.host, "\(domain.name) does not return")
        }
    }
}
