package import ClusterModel

/// What to do about a migration that was started, given what both hosts show. Total: every pair of
/// sightings matches exactly one row.
package enum RecoveryDecision: Hashable, Sendable {
    /// The guest is on the target and nowhere else.
    case arrived
    /// It went over and was shut down there since.
    case arrivedThenStopped
    /// The guest is on the source and nowhere else: the attempt failed, nothing was lost.
    case stayed
    /// It was shut down on the source: there is nothing to move.
    case stopped
    /// A migration is at work: wait for it.
    case wait
    /// What is seen should pass by itself; look again, and halt if it does not.
    case lookAgain(String)
    case settle(RepairAction)
    /// No rule proves who owns the guest: touch nothing, a person must look.
    case halt(String)
}

/// What the same picture means before anything was begun.
package enum PreflightVerdict: Hashable, Sendable {
    /// The domain is where the plan says and nowhere else.
    case start
    /// It was shut down: there is nothing to move.
    case skip
    /// What is seen should pass by itself; look again, and plan around it if it does not.
    case lookAgain(String)
    /// This target will not do: plan around it.
    case avoidTarget
    /// Somebody else was at work: start nothing more.
    case stopRun
}

/// One row: the pairs of sightings it covers, the crash that produces them, and the decision.
package struct RecoveryRow: Sendable {
    package let label: String
    /// What must have happened for a host pair to look like this.
    package let story: String
    package let matches: @Sendable (_ source: DomainSighting, _ target: DomainSighting) -> Bool
    package let decision: RecoveryDecision
}

/// The table that recovery follows, after a crash and after every migration alike.
///
/// Source: who owns the domain at each loss point of migration protocol v3, libvirt 9.0.0
/// `qemu_migration.c` and `libvirt-domain.c`; `docs/libvirt-facts.md`.
package enum RecoveryTable {
    package static func decide(
        source: DomainSighting, target: DomainSighting, after beginning: StepPreconditions = .live
    ) -> (row: RecoveryRow, decision: RecoveryDecision) {
        for row in rows(after: beginning) where row.matches(source, target) {
            return (row, row.decision)
        }
        preconditionFailure("no recovery row for source \(source) and target \(target)")
    }

    /// Before an intent only one picture is as planned. Nothing is repaired: whatever is wrong with
    /// it, it was not us.
    package static func verdict(
        source: DomainSighting, target: DomainSighting, isShutOff: Bool = false
    ) -> (row: RecoveryRow, verdict: PreflightVerdict) {
        let (row, decision) = decide(source: source, target: target)
        switch decision {
        // Of a domain that does not run only the definition moves.
        case .stopped where isShutOff: return (row, .start)
        case .stayed where isShutOff && target.presence == .absent: return (row, .skip)
        case .stayed: return (row, target.presence == .absent ? .start : .avoidTarget)
        // What lay there before we began is not ours.
        case .settle(.undefineTarget): return (row, .avoidTarget)
        case .stopped: return (row, .skip)
        case .lookAgain where isCut(source, target): return (row, .stopRun)
        case .lookAgain(let doubt): return (row, .lookAgain(doubt))
        case .arrived, .arrivedThenStopped, .wait, .settle, .halt: return (row, .stopRun)
        }
    }

    /// The whole table for a step that began in this way: its own rows come before those of a live
    /// migration, which they take pairs from.
    package static func rows(after beginning: StepPreconditions) -> [RecoveryRow] {
        let own = ownRows(after: beginning)
        guard !own.isEmpty else { return rows }
        return own
            + rows.map { row in
                RecoveryRow(
                    label: row.label, story: row.story,
                    matches: { source, target in
                        row.matches(source, target)
                            && !own.contains { $0.matches(source, target) }
                    }, decision: row.decision)
            }
    }

    package static let rows: [RecoveryRow] = [
        RecoveryRow(
            label: "unseen",
            story: "A host does not respond: its daemon restarts, its link is cut, or it is gone.",
            matches: { $0.presence == .unknown || $1.presence == .unknown },
            decision: .lookAgain(
                "a host does not say where the domain is: repair its libvirtd or its link")),
        RecoveryRow(
            label: "postcopy broken",
            // Neither half is worth anything alone, and to go on with the copying harms neither.
            story: "The link broke in post-copy: each host has a part of the guest's memory.",
            matches: { seen($0, $1) && isPostcopy($0) && isPostcopy($1) },
            decision: .settle(.resumePostcopy)),
        RecoveryRow(
            label: "postcopy broken for one host",
            story: "The link broke in post-copy, and the other host has not noticed yet.",
            matches: { isCut($0, $1) && isPostcopy($0) != isPostcopy($1) && isActive($0, $1) },
            decision: .lookAgain(
                "post-copy lost its link for one host only, and the guest's memory is spread over "
                    + "both: repair the link, destroy neither copy")),
        RecoveryRow(
            label: "postcopy broken, half gone",
            story: "The link broke in post-copy, and one of the two QEMUs has ended since.",
            matches: { isCut($0, $1) && !isActive($0, $1) },
            decision: .lookAgain(
                "one host has a part of the guest's memory and the other no QEMU with the rest: "
                    + "unless the guest responds it cannot go on. Find out how the other QEMU "
                    + "ended; only then end the other copy (virsh destroy) and start the domain "
                    + "where its disks are")),
        RecoveryRow(
            label: "split brain",
            story: "The reply of Finish was lost: the source resumed while the target runs.",
            matches: { idle($0, $1) && bothRunning($0, $1) },
            decision: .halt(
                "the domain runs on both hosts at once; stop the copy without the newest "
                    + "data by hand; its disk may already be damaged")),
        RecoveryRow(
            label: "under way",
            // Both may seem to run: the source was asked before the switch-over, the target after.
            story: "kvmbalance was killed, or lost the connection, and the daemons carry on.",
            matches: { whole($0, $1) && underWay($0, $1) },
            decision: .wait),
        RecoveryRow(
            label: "arrived",
            story: "The migration ended well.",
            matches: { idle($0, $1) && $0.presence == .absent && isGuest($1) },
            decision: .arrived),
        RecoveryRow(
            label: "definition left behind",
            story: "Confirm was lost after the source's process ended: its definition stayed.",
            matches: {
                idle($0, $1) && $0.presence == .inactive && isGuest($1) && $1.isPersistent
            },
            decision: .settle(.undefineSource)),
        RecoveryRow(
            label: "definition only on the source",
            story: "The domain runs on the target without a definition there.",
            matches: {
                idle($0, $1) && $0.presence == .inactive && isGuest($1) && !$1.isPersistent
            },
            decision: .halt(
                "the domain runs on the target, which has no definition of it, and the source "
                    + "has one; define it on the target (virsh dumpxml, virsh define), then "
                    + "undefine it on the source")),
        RecoveryRow(
            label: "paused copy left behind",
            story: "Confirm was lost, or the source's daemon restarted after the transfer: "
                + "the target runs, the source keeps its copy paused.",
            matches: {
                idle($0, $1) && $0.presence == .pausedByMigration && $1.presence == .running
            },
            decision: .settle(.destroyPausedSource)),
        RecoveryRow(
            label: "source paused, target without it",
            // A definition goes over before the guest runs there: without one it never did.
            story: "The target's daemon or QEMU died at the switch-over and cleaned up.",
            matches: {
                idle($0, $1) && $0.presence == .pausedByMigration && $0.isPersistent
                    && $1.presence == .absent
            },
            decision: .settle(.resumeSource)),
        RecoveryRow(
            label: "source paused, target shut down",
            story: "Confirm was lost, and the guest was shut down on the target since: the paused "
                + "copy is older than its disks. Or the target's daemon died within Finish, and "
                + "ended the guest when it was started again.",
            matches: {
                idle($0, $1) && $0.presence == .pausedByMigration && $1.presence == .inactive
            },
            decision: .halt(
                "the domain is shut down on the target and the source keeps a paused copy, which "
                    + "is older than its disks if the guest has run on the target. 'shut-off, "
                    + "daemon' means that libvirtd ended it when it was started again, before it "
                    + "had recorded that the guest ran; else find out. If it has run, destroy the "
                    + "copy (virsh destroy, virsh undefine); if not, resume it (virsh resume) and "
                    + "undefine the target's definition")),
        RecoveryRow(
            label: "transient source paused, target without it",
            story: "Either the target died at the switch-over, or Confirm was lost and the guest "
                + "has ended on the target: a transient domain leaves no trace.",
            matches: {
                idle($0, $1) && $0.presence == .pausedByMigration && !$0.isPersistent
                    && $1.presence == .absent
            },
            decision: .halt(
                "the source keeps a paused copy of a transient domain, and nothing shows whether "
                    + "the guest has run on the target since; if it has not, resume the copy "
                    + "(virsh resume), otherwise destroy it")),
        RecoveryRow(
            label: "both paused",
            story: "Both daemons restarted at the switch-over; neither copy runs.",
            matches: {
                idle($0, $1) && $0.presence == .pausedByMigration
                    && ($1.presence == .pausedByMigration || $1.presence == .paused)
            },
            decision: .lookAgain(
                "both hosts hold the domain paused: find out which copy has all of its memory (its "
                    + "QEMU's log on the target), resume that and destroy the other")),
        RecoveryRow(
            label: "stayed",
            story: "The migration was refused, aborted or cancelled: the source goes on.",
            matches: {
                idle($0, $1) && isGuest($0)
                    && ($1.presence == .absent || $1.presence == .inactive) && !isLeftover($0, $1)
            },
            decision: .stayed),
        RecoveryRow(
            label: "stayed, definition left on the target",
            // Before the intent the target had none, and here both are seen: nothing is lost with
            // it.
            story: "The target's daemon was killed within Finish: it had taken the definition, and "
                + "ended the guest when it was started again; the source goes on.",
            matches: { idle($0, $1) && isGuest($0) && isLeftover($0, $1) },
            decision: .settle(.undefineTarget)),
        RecoveryRow(
            label: "stayed, stale incoming process on the target",
            story:
                "The source cancelled, or its daemon and the target's died while QEMU was started "
                + "there; the target has not yet cleaned up its empty process.",
            matches: { idle($0, $1) && isGuest($0) && $1.presence == .pausedByMigration },
            decision: .lookAgain(
                "the target still holds an incoming process, to which the source sends nothing: "
                    + "end it there (virsh destroy; should that fail, stop its libvirtd, remove "
                    + "the domain's file from /run/libvirt/qemu and start it)")),
        RecoveryRow(
            label: "two copies",
            story: "A person or another tool started or paused one of the copies.",
            matches: {
                idle($0, $1) && !bothRunning($0, $1) && isGuest($0) && isGuest($1)
            },
            decision: .halt(
                "both hosts hold a copy of the domain that no migration explains; find out which "
                    + "is right before touching either")),
        RecoveryRow(
            label: "shut down on the source",
            story: "The guest was shut down before it could move.",
            matches: {
                idle($0, $1) && $0.presence == .inactive && $1.presence == .absent
            },
            decision: .stopped),
        RecoveryRow(
            label: "shut down, defined on both",
            story: "Confirm was lost and the guest was shut down on the target since, or a "
                + "definition was left there long ago.",
            matches: {
                idle($0, $1) && $0.presence == .inactive && $1.presence == .inactive
            },
            decision: .halt(
                "the domain is shut down and both hosts have a definition of it, so that it could "
                    + "be started twice; undefine the one that is not wanted (virsh undefine)")),
        RecoveryRow(
            label: "shut down on the target",
            story: "It arrived and was shut down there before the hosts were checked.",
            matches: { idle($0, $1) && $0.presence == .absent && $1.presence == .inactive },
            decision: .arrivedThenStopped),
        RecoveryRow(
            label: "incoming without a source",
            story: "The source's guest is gone while the target still waits for its memory.",
            matches: {
                idle($0, $1) && ($0.presence == .absent || $0.presence == .inactive)
                    && $1.presence == .pausedByMigration
            },
            decision: .lookAgain(
                "the target waits for a guest that the source no longer runs: find out how it "
                    + "ended there, then end the waiting process (virsh destroy on the target)")),
        RecoveryRow(
            label: "nowhere",
            story: "Neither host knows it: a transient guest ended, or it went to a third host.",
            matches: { idle($0, $1) && $0.presence == .absent && $1.presence == .absent },
            decision: .halt(
                "neither host knows the domain now; look for it on the other hosts (kvmbalance "
                    + "status) before starting it anywhere")),
    ]

    /// Both hosts answered.
    private static func seen(_ source: DomainSighting, _ target: DomainSighting) -> Bool {
        source.presence != .unknown && target.presence != .unknown
    }

    /// Both hosts answered, and one of them at least has a part of a guest.
    private static func isCut(_ source: DomainSighting, _ target: DomainSighting) -> Bool {
        seen(source, target) && (isPostcopy(source) || isPostcopy(target))
    }

    /// Both hosts answered and no copy was cut in two.
    private static func whole(_ source: DomainSighting, _ target: DomainSighting) -> Bool {
        seen(source, target) && !isCut(source, target)
    }

    /// Whole, and no migration is at work.
    static func idle(_ source: DomainSighting, _ target: DomainSighting) -> Bool {
        whole(source, target) && !underWay(source, target)
    }

    /// A job on a host that does not hold the guest active is none of ours.
    private static func underWay(_ source: DomainSighting, _ target: DomainSighting) -> Bool {
        (source.jobActive && isActive(source))
            || (target.jobActive && isActive(target) && !isShell(source, target))
    }

    /// The source runs the guest and sends nothing. libvirtd, killed while it started an incoming
    /// QEMU, shows the empty process forever after, as one that starts.
    private static func isShell(_ source: DomainSighting, _ target: DomainSighting) -> Bool {
        isGuest(source) && !source.jobActive && target.presence == .pausedByMigration
    }

    /// A definition that the source's guest has too, and that nobody is at work with.
    private static func isLeftover(_ source: DomainSighting, _ target: DomainSighting) -> Bool {
        source.isPersistent && target.presence == .inactive && !target.jobActive
    }

    private static func bothRunning(_ source: DomainSighting, _ target: DomainSighting) -> Bool {
        source.presence == .running && target.presence == .running
    }

    private static func isPostcopy(_ sighting: DomainSighting) -> Bool {
        sighting.presence == .postcopyFailed
    }

    /// A guest with its memory: running, or paused by a person.
    private static func isGuest(_ sighting: DomainSighting) -> Bool {
        sighting.presence.isGuest
    }

    private static func isActive(_ sighting: DomainSighting) -> Bool {
        isGuest(sighting) || sighting.presence == .pausedByMigration || isPostcopy(sighting)
    }

    private static func isActive(_ source: DomainSighting, _ target: DomainSighting) -> Bool {
        isActive(source) && isActive(target)
    }
}
