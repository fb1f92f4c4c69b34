import ClusterModel

/// Holds a plan against the world it is about to be run in.
enum PlanApplicability {
    /// What is no longer as the plan assumed, one sentence each; empty when nothing matters.
    static func differences(
        between plan: MigrationPlan, and snapshot: ClusterSnapshot
    ) -> [String] {
        // The digest does not tell of what is under way.
        let arriving = plan.kind == .drain ? arrivals(plan, snapshot) : []
        guard plan.origin.digest != snapshot.digest else { return arriving }
        var found =
            strangers(plan, snapshot) + arriving
            + plan.steps.flatMap { differences(of: $0, in: plan, snapshot) }
        if plan.kind == .drain || plan.kind == .consolidate { found += newcomers(plan, snapshot) }
        if found.isEmpty {
            found.append(
                "hosts or domains were added, removed, started, stopped, resized or moved since "
                    + "\(plan.origin.observedAt)")
        }
        return found
    }

    /// Hosts of the plan that are other machines by now.
    private static func strangers(_ plan: MigrationPlan, _ snapshot: ClusterSnapshot) -> [String] {
        let present = snapshot.hostUUIDs
        return plan.origin.hostUUIDs.sorted { $0.key < $1.key }.compactMap { host, uuid in
            guard let found = present[host], found != uuid else { return nil }
            return "\(host) is another machine: its host UUID was \(uuid) and is \(found)"
        }
    }

    private static func differences(
        of step: Step, in plan: MigrationPlan, _ snapshot: ClusterSnapshot
    ) -> [String] {
        let isFirst = plan.steps.first { $0.move.domain == step.move.domain }?.id == step.id
        guard isFirst else { return [] }
        let name = "'\(step.domainName)'"
        guard let domain = snapshot.domain(step.move.domain) else {
            return ["\(name) is no longer on any of the hosts"]
        }
        if domain.host != step.move.source {
            return ["\(name) is on \(domain.host), not on \(step.move.source)"]
        }
        if step.mode.startsInPlace {
            guard domain.facts.state.isActive else { return [] }
            return ["\(name) runs on \(domain.host) already"]
        }
        if !domain.facts.state.isActive {
            return ["\(name) no longer runs (\(domain.facts.state.rawValue))"]
        }
        return []
    }

    /// Domains that somebody sent to a host to be emptied meanwhile.
    private static func arrivals(_ plan: MigrationPlan, _ snapshot: ClusterSnapshot) -> [String] {
        let blocked = Set(plan.blockers.compactMap(\.domain))
        return snapshot.inFlight.compactMap { migration in
            let name = snapshot.domain(migration.domain)?.name ?? migration.domain.rawValue
            guard let target = migration.target, plan.hosts.contains(target),
                !blocked.contains(name)
            else { return nil }
            return "'\(name)' is on its way from \(migration.source) to \(target)"
        }
    }

    /// Domains that run on a host to be emptied and that the plan does not know.
    private static func newcomers(
        _ plan: MigrationPlan, _ snapshot: ClusterSnapshot
    ) -> [String] {
        let known = Set(plan.steps.map(\.move.domain))
        let blocked = Set(plan.blockers.compactMap(\.domain))
        let excepted = Set(plan.wishes.except.map(\.domain))
        return snapshot.domains
            .filter { plan.hosts.contains($0.host) && $0.facts.state.isActive }
            .filter { !known.contains($0.id) && !blocked.contains($0.name) }
            .filter { !excepted.contains($0.id) }
            .map { "'\($0.name)' runs on \($0.host) and is not in the plan" }
    }
}
