package import ClusterModel

/// One fact in a run's journal. Facts are appended and never changed; a run's state is their fold.
///
/// An intent is committed *before* its effect and an outcome after it, so that whatever instant a
/// crash hits, the journal says which domains may have moved.
package enum JournalEvent: Hashable, Codable, Sendable {
    /// A process took the run up: at its start, or after a crash.
    case taken(process: Int32, goal: RunGoal)
    /// The steps from now on: pending steps of the plan before are given up.
    case planned(MigrationPlan, goal: RunGoal)
    /// A migration is about to start. What must be restored on the target is noted with it.
    case intent(StepID, attempt: Int, persistent: Bool, autostart: Bool)
    /// A running migration is about to be changed, because it does not converge.
    case adjusting(StepID, MigrationAdjustment, reason: String)
    /// Before the intent of a step that copies images or shuts its guest down: what it will make on
    /// the target, and whether the guest ran.
    case preparing(StepID, StepPreparation)
    /// This image of the step was made on the target, where nothing lay before: only what stands in
    /// such a record is ours to remove there.
    case made(StepID, path: String)
    /// The guest was asked to shut down, for its cold move or for its host: from now on it may go
    /// down at any time.
    case askedToShutDown(StepID)
    /// It went down late, was started where it was, and runs.
    case upAgain(StepID)
    /// The images of a step are gone from where they are not wanted any more.
    case cleared(StepID)
    /// One attempt failed and the domain was seen running on its source.
    case attemptFailed(StepID, attempt: Int, error: String)
    /// A repair is about to be done, because both hosts were seen and the recovery table says so.
    case settling(StepID, RepairAction)
    /// The domain was seen on its target and nowhere else; one that stays was seen stopped, or
    /// running, as its step asks.
    case arrived(StepID, MigrationStatistics?, note: String?)
    /// The step is over without a move: its domain was stopped meanwhile, or it is planned around.
    case skipped(StepID, reason: String)
    /// The attempts are used up; the domain was seen on its source.
    case failed(StepID, error: String)
    /// No new step starts: a person asked for it, or the world changed.
    case stopping(reason: String)
    case ended(RunOutcome)
}

/// What a run works towards.
package enum RunGoal: String, Hashable, Codable, Sendable {
    case forward, rollback
    /// End it where it stands: only open steps are looked after.
    case abort
}

/// A repair of what an interrupted migration left behind. Each is done only on the proof that the
/// recovery table asks for.
package enum RepairAction: String, Hashable, Codable, Sendable, CaseIterable {
    /// The guest runs on the target; the source keeps a copy that the migration paused.
    case destroyPausedSource = "destroy-paused-source"
    /// The target does not have the guest; the source keeps it paused.
    case resumeSource = "resume-source"
    /// Post-copy lost its link: each host has a part of the guest's memory, and the rest can still
    /// go over.
    case resumePostcopy = "resume-postcopy"
    /// The guest runs on the target, which has its definition; the source kept one too.
    case undefineSource = "undefine-source"
    /// The guest runs on the source, which has its definition; the target took one too.
    case undefineTarget = "undefine-target"
    /// libvirt drops the autostart mark on the way.
    case setAutostart = "set-autostart"
    /// It came back to the source, where it started with its host.
    case setSourceAutostart = "set-source-autostart"
    /// A cold move ended half-way: the guest is down on its source and the target does not have it.
    case startSource = "start-source"
    /// The definition of a guest that was shut down for it is on the target.
    case startTarget = "start-target"
    /// It does not start there: its definition goes back.
    case returnDefinition = "return-definition"
    /// The source has the guest, and the target what was to become a copy of its images.
    case removeTargetImages = "remove-target-images"
    /// The guest has run on the target from its copy.
    case removeSourceImages = "remove-source-images"
}

/// How a run ended.
package struct RunOutcome: Hashable, Codable, Sendable {
    package enum State: String, Hashable, Codable, Sendable {
        case done, failed, halted
        case rolledBack = "rolled-back"
    }

    package var state: State
    /// nil when done as planned.
    package var reason: String?

    package init(_ state: State, reason: String? = nil) {
        self.state = state
        self.reason = reason
    }
}

/// A journal event with its place and time.
package struct JournalRecord: Hashable, Codable, Sendable {
    /// The format of `event`; a reader refuses what is newer than itself. 2 knows cold moves,
    /// changes of a running migration and more repairs; 3 takes up a post-copy that lost its link;
    /// 4 tells which images were made and which guests were asked to shut down; 5 sets autostart
    /// again on the source; 6 has blockers for names that clash; 7 stops guests
    /// where they are and starts them again.
    package static let currentVersion = 7

    package var sequence: Int
    package var at: Timestamp
    package var event: JournalEvent

    package init(sequence: Int, at: Timestamp, event: JournalEvent) {
        self.sequence = sequence
        self.at = at
        self.event = event
    }
}
