import ClusterModel

/// How a step began, which decides what a domain that does not run means afterwards.
package enum StepPreconditions: String, Hashable, Sendable, CaseIterable {
    /// It was to go live, with or without its disks.
    case live
    /// It ran and was to be shut down for the move.
    case cold
    /// It did not run: only its definition was to go.
    case definition
}

/// What differs where a domain moves without running. The target takes its definition, then the
/// source's is removed with all its files kept; it is started only where its one definition is.
extension RecoveryTable {
    package static func ownRows(after beginning: StepPreconditions) -> [RecoveryRow] {
        switch beginning {
        case .live: []
        case .cold: coldRows
        case .definition: definitionRows
        }
    }

    private static let coldRows = [
        RecoveryRow(
            label: "down on the source",
            story:
                "kvmbalance was killed, or something failed, while the guest was shut down for its "
                + "move: its definition and its images are where they were.",
            matches: { idle($0, $1) && $0.presence == .inactive && $1.presence == .absent },
            decision: .settle(.startSource)),
        RecoveryRow(
            label: "moved and not started",
            story: "kvmbalance was killed after the definition moved, before it started the guest.",
            matches: { idle($0, $1) && $0.presence == .absent && $1.presence == .inactive },
            decision: .settle(.startTarget)),
        pausedByOthers, handedOver,
    ]

    /// Before the intent the target had no definition, so that this one is the step's; the run that
    /// makes it goes on by itself.
    private static let handedOver = RecoveryRow(
        label: "down, defined on both",
        story:
            "kvmbalance was killed, or something failed, when the target had taken the definition "
            + "and the source still had it: all files are where they were.",
        matches: { idle($0, $1) && $0.presence == .inactive && $1.presence == .inactive },
        decision: .settle(.undefineTarget))

    /// After a live step this is a migration of its own that failed. Where nothing was to move that
    /// runs, it is somebody else's, and where that went is not known.
    private static let pausedByOthers = RecoveryRow(
        label: "paused by another's migration",
        story:
            "Somebody else migrated the guest live while it was to move without running, and left "
            + "a paused copy on the source.",
        matches: {
            idle($0, $1) && $0.presence == .pausedByMigration && $0.isPersistent
                && $1.presence == .absent
        },
        decision: .halt(
            "somebody else's migration left a paused copy on the source, which is older than the "
                + "guest's disks if it has run elsewhere since: look for it (kvmbalance status). "
                + "If it has run elsewhere, destroy the copy (virsh destroy); if not, resume it "
                + "(virsh resume)"))

    private static let definitionRows = [
        RecoveryRow(
            label: "definition stayed",
            story: "The target refused the definition, or kvmbalance was killed before it moved.",
            matches: { idle($0, $1) && $0.presence == .inactive && $1.presence == .absent },
            decision: .stayed),
        RecoveryRow(
            label: "definition arrived",
            story: "The definition moved; the domain is still shut off.",
            matches: { idle($0, $1) && $0.presence == .absent && $1.presence == .inactive },
            decision: .arrivedThenStopped),
        pausedByOthers, handedOver,
    ]
}

extension RunState.StepState {
    /// Does an attempt of it ask the guest to shut down?
    package var asksToShutDown: Bool { beginning == .cold || step.mode == .shutdown }

    /// As the journal has it: what is not prepared is an ordinary live migration.
    package var beginning: StepPreconditions {
        guard step.mode == .offline, let preparation else { return .live }
        return preparation.wasRunning ? .cold : .definition
    }
}
