/// An ordered, checked and explained set of moves: a first-class value that prints, compares,
/// applies to a snapshot, has a duration and an inverse.
package struct MigrationPlan: Hashable, Sendable {
    package static let currentVersion = 1

    /// What the plan is for.
    package enum Kind: String, Hashable, Codable, Sendable {
        case drain, move, `return`, balance, consolidate, rollback
    }

    /// Outcomes, not errors: an infeasible plan is a result with blockers.
    package enum Outcome: String, Hashable, Codable, Sendable {
        case plan, nothingToDo = "nothing-to-do", infeasible
    }

    /// The world that the plan was made for.
    package struct Origin: Hashable, Sendable {
        package var digest: String
        package var observedAt: Timestamp
        /// UUIDs of the hosts, as they were seen then or last: by them a run knows its hosts,
        /// wherever their names lead meanwhile. A host that was never seen has none.
        package var hostUUIDs: [HostName: String]

        package init(
            digest: String, observedAt: Timestamp, hostUUIDs: [HostName: String] = [:]
        ) {
            self.digest = digest
            self.observedAt = observedAt
            self.hostUUIDs = hostUUIDs
        }

        /// Of a plan for this world.
        package init(of snapshot: ClusterSnapshot) {
            self.init(
                digest: snapshot.digest, observedAt: snapshot.observedAt,
                hostUUIDs: snapshot.hostUUIDs)
        }
    }

    package var kind: Kind
    /// The hosts to drain, or to bring domains back to.
    package var hosts: [HostName]
    /// What was asked for beyond that.
    package var wishes = PlanWishes()
    package var outcome: Outcome
    package var origin: Origin
    package var policy: String
    package var seed: UInt64
    package var limits: MigrationLimits
    package var options: MigrationOptions
    package var steps: [Step]
    package var makespanMilliseconds: Int64
    package var score: PlanScore?
    package var blockers: [Blocker]
    /// What contradicts what, where nothing can be done and it was found out.
    package var conflict: PlanConflict?
    /// Hosts that nothing goes to, and domains that stay: of the busiest host, or by a wish.
    package var unused: [PlanNote] = []
    package var staying: [PlanNote] = []
    /// What the timer made it for; nil for a plan that an operator asked for.
    package var purpose: PlanPurpose?
    /// The share, in hundredths of a percent, to which it fills the CPUs of the host that it fills
    /// most above them; nil where it fills none above its CPUs.
    package var cpuShare: Int64?
    /// Preferred rules that it breaks.
    package var brokenRules: [BrokenRule] = []
    /// Hosts that could not be reached when it was made.
    package var unreachable: [HostName] = []

    package init(
        kind: Kind, hosts: [HostName] = [], outcome: Outcome, origin: Origin,
        policy: String = "", seed: UInt64 = 0, limits: MigrationLimits = MigrationLimits(),
        options: MigrationOptions = MigrationOptions(), steps: [Step] = [],
        makespanMilliseconds: Int64 = 0, score: PlanScore? = nil, blockers: [Blocker] = []
    ) {
        self.kind = kind
        self.hosts = hosts
        self.outcome = outcome
        self.origin = origin
        self.policy = policy
        self.seed = seed
        self.limits = limits
        self.options = options
        self.steps = steps
        self.makespanMilliseconds = makespanMilliseconds
        self.score = score
        self.blockers = blockers
    }

    package var moves: [Move] { steps.map(\.move) }
}

/// A scheduled move: it starts when the steps it waits for are done and the limits allow.
package struct Step: Hashable, Sendable {
    /// How the domain moves.
    package enum Mode: String, Hashable, Codable, Sendable {
        case live, offline, storage
        /// Its guest is stopped where it is: shut down, or with its memory saved.
        case shutdown, save
        /// Its guest is started where it was stopped, or goes on from its saved memory.
        case start, restore
    }

    package var id: StepID
    package var domainName: String
    package var move: Move
    package var mode: Mode
    /// The steps that must be done before this one may start, because they free what it demands.
    package var after: [StepID]
    package var estimate: StepEstimate
    package var rationale: String
    /// What does not forbid the move but should be known before it.
    package var cautions: [String]
    /// What it serves and what it does to the score; nil in plans that do not tell.
    package var effect: StepEffect?
    /// Disks (`vda`) that are copied because they lie on storage of their host.
    package var copies: [String] = []
    /// Of these only what lies above their base images.
    package var copiesTopLayer = false
    /// Networks that its cards are plugged into and that are called otherwise on the target, with
    /// the name there.
    package var interfaces: [String: String] = [:]
    /// The path of the QEMU that runs it, where the target has its QEMU under another, with that
    /// path.
    package var emulators: [String: String] = [:]
    /// The domain does not run: only its definition goes, and what is copied of it.
    package var isShutOff = false

    package init(
        id: StepID, domainName: String, move: Move, mode: Mode = .live, after: [StepID] = [],
        estimate: StepEstimate = StepEstimate(), rationale: String = "", cautions: [String] = []
    ) {
        self.id = id
        self.domainName = domainName
        self.move = move
        self.mode = mode
        self.after = after
        self.estimate = estimate
        self.rationale = rationale
        self.cautions = cautions
    }
}

/// What a step is expected to take. An estimate, and called one wherever it is shown.
package struct StepEstimate: Hashable, Sendable {
    package var startMilliseconds: Int64
    package var durationMilliseconds: Int64
    package var downtimeMilliseconds: Int64
    package var transferred: Bytes
    /// How sure it is, and what it rests on; nil in plans that do not tell.
    package var prediction: StepPrediction?

    package init(
        startMilliseconds: Int64 = 0, durationMilliseconds: Int64 = 0,
        downtimeMilliseconds: Int64 = 0, transferred: Bytes = .zero
    ) {
        self.startMilliseconds = startMilliseconds
        self.durationMilliseconds = durationMilliseconds
        self.downtimeMilliseconds = downtimeMilliseconds
        self.transferred = transferred
    }

    package var endMilliseconds: Int64 { startMilliseconds + durationMilliseconds }
}

/// How good the placement was and will be, per goal: smaller is better.
package struct PlanScore: Hashable, Sendable {
    package var before: [String: Double]
    package var after: [String: Double]
    /// What the policy asks for, where it is not had at the start. `moves` may be made in all at
    /// most, and `moves_for_spread` beyond those that relieve overloaded hosts.
    package var asked: [String: Double]
    /// What no plan can undercut; empty where no bound is known.
    package var bound: [String: Double]
    /// Relative distance to the bound; nil when there is no honest figure.
    package var gap: Double?
    /// Before this the steps cannot be done with their waits, in whatever order, as far as the
    /// estimates of each move alone are right; nil when not known.
    package var makespanBoundMilliseconds: Int64?

    package init(
        before: [String: Double] = [:], after: [String: Double] = [:],
        asked: [String: Double] = [:],
        bound: [String: Double] = [:], gap: Double? = nil,
        makespanBoundMilliseconds: Int64? = nil
    ) {
        self.before = before
        self.after = after
        self.asked = asked
        self.bound = bound
        self.gap = gap
        self.makespanBoundMilliseconds = makespanBoundMilliseconds
    }
}

/// How many migrations may run at once.
package struct MigrationLimits: Hashable, Codable, Sendable {
    /// On each host, outgoing and incoming together.
    package var perHost: Int
    package var fleet: Int

    package init(perHost: Int = 2, fleet: Int = 5) {
        self.perHost = perHost
        self.fleet = fleet
    }
}
