/// The hosts of a fleet rebooted in turn: rounds of hosts that are empty together, with the plans
/// that empty them and bring their domains home.
package struct RollingReboot: Hashable, Sendable {
    /// Hosts that go down together.
    package struct Round: Hashable, Sendable {
        package var hosts: [HostName]
        /// Empties them; says that nothing is to be done where they were empty.
        package var away: MigrationPlan
        /// Brings home what left them; nil where it stays, or nothing left.
        package var back: MigrationPlan?

        package init(hosts: [HostName], away: MigrationPlan, back: MigrationPlan? = nil) {
            self.hosts = hosts
            self.away = away
            self.back = back
        }

        package var moves: Int { away.steps.count + (back?.steps.count ?? 0) }
        package var makespanMilliseconds: Int64 {
            away.makespanMilliseconds + (back?.makespanMilliseconds ?? 0)
        }
    }

    package var outcome: MigrationPlan.Outcome
    package var origin: MigrationPlan.Origin
    package var policy: String
    package var seed: UInt64
    /// The hosts to reboot.
    package var hosts: [HostName]
    package var rounds: [Round]
    /// No schedule for the hosts in these rounds has fewer.
    package var fewestRounds: Int
    /// Nor fewer moves: each domain that runs there leaves, and returns where it is to.
    package var fewestMoves = 0
    /// What keeps a host out of every round.
    package var blockers: [Blocker]

    package init(
        outcome: MigrationPlan.Outcome, origin: MigrationPlan.Origin, policy: String = "",
        seed: UInt64 = 0, hosts: [HostName], rounds: [Round] = [], fewestRounds: Int = 0,
        blockers: [Blocker] = []
    ) {
        self.outcome = outcome
        self.origin = origin
        self.policy = policy
        self.seed = seed
        self.hosts = hosts
        self.rounds = rounds
        self.fewestRounds = fewestRounds
        self.blockers = blockers
    }

    package var moves: Int { rounds.reduce(0) { $0 + $1.moves } }
    package var makespanMilliseconds: Int64 {
        rounds.reduce(0) { $0 + $1.makespanMilliseconds }
    }
}
