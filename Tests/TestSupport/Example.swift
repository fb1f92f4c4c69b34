package import ClusterModel

/// Made-up plans.
package enum Example {
    package static let start = Timestamp(seconds: 1_000_000)

    package static func plan(steps count: Int) -> MigrationPlan {
        plan(.drain, ["host1"], steps: (1...count).map { ("vm\($0)", "host1", "host2") })
    }

    package static func plan(
        _ kind: MigrationPlan.Kind, _ hosts: [HostName], steps: [(String, String, String)]
    ) -> MigrationPlan {
        let made = steps.enumerated().map { index, step in
            Step(
                id: StepID(index + 1), domainName: step.0,
                move: Move(
                    domain: DomainID(step.0), source: HostName(step.1), target: HostName(step.2)),
                rationale: "because it is so, and for no other reason that could be told shortly")
        }
        return MigrationPlan(
            kind: kind, hosts: hosts, outcome: .plan,
            origin: MigrationPlan.Origin(digest: "d", observedAt: start), steps: made)
    }
}
