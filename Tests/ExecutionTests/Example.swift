import ClusterModel
import Execution

/// Small plans and sightings that the tests of this target share.
enum Example {
    static let time = Timestamp(seconds: 1_700_000_000)

    /// Step `number` moves `vm<number>` from host1 to host2.
    static func step(
        _ number: Int, from source: HostName = "host1", to target: HostName = "host2",
        after: [StepID] = []
    ) -> Step {
        Step(
            id: StepID(number), domainName: "vm\(number)",
            move: Move(domain: DomainID("id-\(number)"), source: source, target: target),
            after: after)
    }

    static func plan(
        _ steps: [Step], attempts: Int = 2, perHost: Int = 2, fleet: Int = 5,
        outcome: MigrationPlan.Outcome = .plan, blockers: [Blocker] = []
    ) -> MigrationPlan {
        var options = MigrationOptions()
        options.attempts = attempts
        return MigrationPlan(
            kind: .drain, hosts: ["host1"], outcome: outcome,
            origin: MigrationPlan.Origin(digest: "0", observedAt: time),
            limits: MigrationLimits(perHost: perHost, fleet: fleet), options: options,
            steps: steps, blockers: blockers)
    }

    static func records(_ events: [JournalEvent]) -> [JournalRecord] {
        events.enumerated().map { JournalRecord(sequence: $0 + 1, at: time, event: $1) }
    }
}

extension DomainSighting {
    static let absent = DomainSighting(.absent)
    static let inactive = DomainSighting(.inactive, isPersistent: true)
    static let running = DomainSighting(.running, isPersistent: true)
    static let left = DomainSighting(.pausedByMigration, isPersistent: true)
    static let unknown = DomainSighting(.unknown, detail: "connection refused")
    static let migrating = DomainSighting(.running, isPersistent: true, jobActive: true)
    static let incoming = DomainSighting(.pausedByMigration, jobActive: true)
}
