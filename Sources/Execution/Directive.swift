package import ClusterModel

/// An effect the run machine asks for. The interpreter carries them out in the order given; when a
/// `record` cannot be written, nothing after it may happen.
package enum Directive: Hashable, Sendable {
    case record(JournalEvent)
    /// Look at the domain on both hosts, after a pause, and answer with `looked`.
    case look(StepID, ObservationPurpose, afterMilliseconds: Int64)
    /// Look which domains have a process on these hosts, after a pause, and answer with
    /// `hostsLooked`.
    case lookAtHosts([HostName], afterMilliseconds: Int64)
    /// Look at each of these guests where it is to be, and on all hosts whether one runs that is to
    /// be off, after a pause, and answer with `guestsLooked`.
    case lookAtGuests([GuestPromise], afterMilliseconds: Int64)
    /// Look at the domain on every host that is neither the step's source nor its target, and
    /// answer with `lookedElsewhere`.
    case lookElsewhere(StepID)
    /// Find out whether what the step copied is on the target's disk, not in its memory alone, and
    /// answer with `copiesLooked`.
    case lookAtCopies(StepID)
    /// Find out what the step would copy and whether the target can take it, touching nothing, and
    /// answer with `surveyed`.
    case prepare(StepID)
    /// Start the migration and answer with `migrationEnded`.
    case migrate(StepID)
    /// Do the repair and answer with `settled`.
    case settle(StepID, RepairAction)
    /// Change the migration while it runs; what comes of it shows in its progress. Answer with
    /// `adjustFailed` where it was refused.
    case adjust(StepID, MigrationAdjustment)
    /// Ask libvirt to stop the migration; its end comes as `migrationEnded`. Answer with
    /// `abortFailed`, after a pause, where it was refused.
    case abort(StepID)
    /// Make a plan for what is left, without these pairs, and answer with `planned`.
    case plan(goal: RunGoal, without: [Exclusion])
    /// Worth a line for whoever watches the run.
    case tell(String)
    /// The run is over.
    case finish(RunOutcome)
}

/// Why a look at both hosts is asked for.
package enum ObservationPurpose: String, Hashable, Sendable {
    /// Is the domain still where the plan says, just before it moves?
    case preflight
    /// Who owns the domain, after a migration ended or a crash?
    case verify
    /// Has a guest gone down that was asked to, and for which no attempt waits any more?
    case watch
}

/// A target that failed for a domain, or any target: not to be planned again in this run.
package struct Exclusion: Hashable, Codable, Sendable {
    package var domain: DomainID
    /// nil for every target: what it failed of goes with the domain.
    package var target: HostName?

    package init(domain: DomainID, target: HostName?) {
        self.domain = domain
        self.target = target
    }

    package func forbids(_ target: HostName, for domain: DomainID) -> Bool {
        self.domain == domain && (self.target ?? target) == target
    }
}

/// Something that happened, told to the run machine.
package enum RunEvent: Hashable, Sendable {
    /// The journal has the run; go.
    case begin
    case looked(StepID, ObservationPurpose, source: DomainSighting, target: DomainSighting)
    /// The answer to `lookAtHosts`.
    case hostsLooked([HostSighting])
    /// The answer to `lookAtGuests`. `elsewhere` tells on which other host one has a process whose
    /// definition alone was to move.
    case guestsLooked([DomainID: DomainSighting], elsewhere: [DomainID: HostName] = [:])
    /// The answer to `lookElsewhere`.
    case lookedElsewhere(StepID, [HostName: DomainSighting])
    /// The answer to `lookAtCopies`: why a loss of power could still take them; nil when it cannot.
    case copiesLooked(StepID, doubt: String?)
    /// The answer to `survey`; nil with a reason when the step cannot be done.
    case surveyed(StepID, StepPreparation?, reason: String?)
    /// The guest is being asked to shut down for its cold move.
    case askedToShutDown(StepID)
    /// An image was made on the target.
    case made(StepID, path: String)
    case migrationEnded(StepID, MigrationStatistics?, failure: StepFailure?)
    case settled(StepID, RepairAction, failure: StepFailure?)
    /// The answer to `plan`; nil with a reason when none could be made.
    case planned(MigrationPlan?, reason: String?)
    /// The migration does not converge by itself; this may help.
    case adjust(StepID, MigrationAdjustment, reason: String)
    /// It was not changed.
    case adjustFailed(StepID, MigrationAdjustment, error: String)
    /// It was not told to stop.
    case abortFailed(StepID, error: String)
    /// The migration does not converge, whatever is done.
    case nonConverging(StepID, reason: String)
    /// The migration made no progress, or its time is up.
    case overdue(StepID, reason: String)
    /// The migration should have been over long ago and cannot be aborted.
    case stuck(StepID, reason: String)
    /// Start nothing new (Ctrl-C once), or stop what runs too (twice).
    case stop(reason: String)
    case abort(reason: String)
    /// A record could not be written; neither that nor what came with it, `undone`, was done.
    case journalClosed(reason: String, undone: [Directive])
}
