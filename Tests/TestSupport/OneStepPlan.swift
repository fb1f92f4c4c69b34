package import ClusterModel

extension MigrationPlan {
    /// A drain of host1 by one step, of 'web' to host2.
    package static let ofOneStep = MigrationPlan(
        kind: .drain, hosts: ["host1"], outcome: .plan,
        origin: MigrationPlan.Origin(digest: "0", observedAt: Timestamp(seconds: 1)),
        limits: MigrationLimits(perHost: 2, fleet: 5), options: MigrationOptions(),
        steps: [
            Step(
                id: 1, domainName: "web",
                move: Move(domain: "id-1", source: "host1", target: "host2"))
        ])
}
