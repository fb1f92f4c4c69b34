import ClusterModel

/// What a step is doing now; a step without a phase is pending or over.
///
/// Legal transitions, which every run asserts (`allows`):
///
/// ```
/// pending ─▶ prechecking ─▶ preparing ─▶ migrating ─▶ locating
///    taken up after a crash ─────────────────────────▶ locating
/// locating ◀─▶ underWay, goingBack, proving: what the looks at both hosts have shown
/// any of these four ─▶ repairing ─▶ back to where it came from
/// any of these four ─▶ prechecking, for the next attempt
/// every phase but repairing ─▶ over
/// ```
enum StepPhase: Hashable, Sendable {
    /// Is the domain where the plan says? So many looks were doubtful.
    case prechecking(looks: Int)
    /// What would it copy, and does any other host hold the domain? The sighting goes into its
    /// intent, with the hosts that do not say.
    case preparing(DomainSighting, unreachable: [HostName])
    /// A call of ours is under way.
    case migrating(StopRequest)
    /// The call is over, or another process made it: who has the guest?
    case locating(Search, Attempt)
    /// A repair is under way; the search goes on after it.
    case repairing(RepairAction, Search, Attempt)

    /// Whether a migration was asked to stop.
    enum StopRequest: Hashable, Sendable {
        case none
        /// So many requests failed: a job that does not exist yet refuses them.
        case asked(failures: Int)
    }

    /// How far the search for the guest has come.
    enum Search: Hashable, Sendable {
        case open
        /// The last look found a migration at work that no call of ours waits for.
        case underWay
        /// It does not start on the target and is brought back.
        case goingBack
        /// It was seen running on the target; once more before its old images are removed.
        case proving
    }

    /// The phase without what it carries.
    enum Kind: Hashable, Sendable, CaseIterable {
        case over, prechecking, preparing, migrating, locating, underWay, goingBack, proving
        case repairing
    }

    static func kind(of phase: StepPhase?) -> Kind {
        switch phase {
        case nil: .over
        case .prechecking: .prechecking
        case .preparing: .preparing
        case .migrating: .migrating
        case .locating(.open, _): .locating
        case .locating(.underWay, _): .underWay
        case .locating(.goingBack, _): .goingBack
        case .locating(.proving, _): .proving
        case .repairing: .repairing
        }
    }

    static func allows(_ from: Kind, _ to: Kind) -> Bool {
        switch from {
        case .over: [.over, .prechecking, .locating].contains(to)
        case .prechecking: [.prechecking, .preparing, .migrating, .over].contains(to)
        case .preparing: [.preparing, .migrating, .over].contains(to)
        case .migrating: [.migrating, .locating, .over].contains(to)
        case .locating, .underWay, .proving:
            [.locating, .underWay, .proving, .repairing, .prechecking, .over].contains(to)
        case .goingBack: [.goingBack, .repairing, .prechecking, .over].contains(to)
        case .repairing: [.locating, .goingBack, .proving].contains(to)
        }
    }
}

/// What is known of an attempt whose call is over.
struct Attempt: Hashable, Sendable {
    var statistics: MigrationStatistics?
    /// Why it failed, as far as it has.
    var error: String?
    /// When the migration ended.
    var endedAt: Timestamp?
    /// What goes into the journal with the outcome, each once.
    private(set) var notes: [String] = []
    /// Of the last repair that failed.
    var settlementError: String?
    /// Another process began it: what it made since its last record is not known.
    var isTakenUp = false
    var hasToldOfUnclaimed = false
    /// A migration that was found under way was asked to stop.
    var wasAborted = false
    /// The guest may have run on the target, and what it wrote is there alone: its definition does
    /// not go back.
    var mayHaveRun = false
    /// Of a cold move: it was seen running on its source after all, by somebody's doing.
    var wasUpOnSource = false
    /// What source and target say is proof enough that the repair under way may make it run: of
    /// other hosts only one that runs it stands against that.
    var isProven = false
    /// It was seen running there: from then on it is its owner's to start.
    var hasArrived = false
    /// Doubtful looks until then.
    var looksBefore = 0
    /// What was copied is on the target's disk; why not, as far as it was asked.
    var isDurable = false
    var doubt: String?
    /// The migration that was found under way does not go to this step's target.
    var isForeign = false
    var tries = Tries()

    /// Each is bounded, so that every step ends.
    struct Tries: Hashable, Sendable {
        /// Looks that found the same doubtful picture.
        var looks = 0
        /// Looks that found a migration under way.
        var waits = 0
        /// Looks that found the guest still running on the target.
        var provings = 0
        /// Looks that found what was copied not surely on the target's disk.
        var doubts = 0
        /// Of each kind: what failed before must not use up the tries of what follows.
        var settlements: [RepairAction: Int] = [:]
        /// How often a post-copy that lost its link was taken up.
        var resumptions = 0
    }

    init(
        statistics: MigrationStatistics? = nil, error: String? = nil, endedAt: Timestamp? = nil,
        isTakenUp: Bool = false
    ) {
        self.statistics = statistics
        self.error = error
        self.endedAt = endedAt
        self.isTakenUp = isTakenUp
    }

    /// The call ended well and nothing went wrong since: forward, not back.
    var isGoingForward: Bool { error == nil && !isTakenUp }

    var note: String? { notes.isEmpty ? nil : notes.joined(separator: "; ") }

    mutating func add(_ note: String?) {
        if let note, !notes.contains(note) { notes.append(note) }
    }

    /// A guest that moved cold was down until it was seen running again.
    func statistics(of open: RunState.StepState, until time: Timestamp) -> MigrationStatistics? {
        guard open.beginning == .cold, var statistics, let endedAt else { return statistics }
        let more = max(0, time.millisecondsSince(endedAt))
        statistics.durationMilliseconds += more
        statistics.downtimeMilliseconds = statistics.downtimeMilliseconds.map { $0 + more }
        return statistics
    }
}
