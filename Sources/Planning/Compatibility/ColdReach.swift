import ClusterModel
import PlacementPolicy

/// Before a guest is started that was shut down for its move, every other host is asked whether it
/// knows it: with an unreachable host it would stay down. So none is shut down meanwhile.
enum ColdReach {
    /// The same world, without cold moves of running guests while a host is unreachable.
    static func blocking(in snapshot: ClusterSnapshot, under policy: Policy) -> ClusterSnapshot {
        let silent = snapshot.hosts.filter { !$0.isReachable }
        guard !silent.isEmpty, policy.migration.offline != nil else { return snapshot }
        let names = silent.map(\.name.rawValue).joined(separator: ", ")
        let domains = snapshot.domains.map { domain in
            guard domain.facts.state.isActive, policy.coldMove(of: domain.name) != .never else {
                return domain
            }
            var domain = domain
            let blocker = Blocker(
                domain: domain.name, reason: .unreachable,
                detail: "it would move cold, and is not started again while \(names) cannot say "
                    + "whether it runs there",
                remedy: "make \(names) reachable or take it out of the fleet file, or move the "
                    + "domain live")
            domain.facts.coldBlockers = (domain.facts.coldBlockers ?? []) + [blocker]
            return domain
        }
        return ClusterSnapshot(
            snapshot, hosts: snapshot.hosts, domains: domains, inFlight: snapshot.inFlight)
    }
}
