package import ClusterModel
import Execution

/// The recovery table as `simulations/RECOVERY.md`: made from the code, so that it cannot differ.
package enum RecoveryDocument {
    package static var text: String {
        let parts = [intro, rows, coldRows, grids]
        return parts.joined(separator: "\n\n") + "\n"
    }

    private static let intro = """
        # The recovery table

        How kvmbalance treats a domain after it has checked both hosts: after every migration,
        however it seemed to end, after every repair, and when a run is resumed after a crash.
        The journal says which of two columns counts: without an intent kvmbalance started nothing;
        with an intent and no outcome the domain may be anywhere. A step with an outcome is not
        checked any longer. A repair that was recorded and not confirmed is not a separate state:
        both hosts are checked again, and the same table decides.

        This file is made from the code (`kvmbalance-bench faults --recovery`), and a test keeps it
        equal. Another test drives the run machine through every state of the journal with every pair
        of sightings, with and without a migration at work on either host, until it ends; a third
        demands that simulated crashes reach every row.
        """

    private static var rows: String {
        let lines = RecoveryTable.rows.map { row in
            "| \(row.label) | \(row.story) | \(before(row)) | \(sentence(row.decision)) |"
        }
        return "## Rows, each with the crash that produces it\n\n"
            + "| both hosts show | what must have happened | before an intent | after an intent |\n"
            + "|---|---|---|---|\n" + lines.joined(separator: "\n")
    }

    /// What is different where the domain does not run while it moves.
    private static var coldRows: String {
        let titles: [(StepPreconditions, String)] = [
            (.cold, "a running domain that is shut down for the move"),
            (.definition, "the definition of a domain that does not run"),
        ]
        let lines = titles.flatMap { beginning, title in
            RecoveryTable.ownRows(after: beginning).map { row in
                "| \(title) | \(row.label) | \(row.story) | \(sentence(row.decision)) |"
            }
        }
        return """
            ## Cold moves

            The step says in the journal, before its intent, that it moves without running, whether the
            domain ran, and which images it makes on the target. These rows then come before the ones
            above; all other states mean the same.

            Asked to shut down, a guest may do so when no attempt waits for it any longer. The journal has
            the request, and a step that was open when its process died counts as asked. Such a guest is
            checked every two seconds for a quarter of an hour after its attempt, also after an abort and
            first of all when the run is resumed: if it is down on its source and not on its target, it
            is started there. Nothing is planned before that first check. A guest that the run cannot
            prove to be up is named at its end, which then is not a success.

            Only images that the journal says were made are removed from the target, each by its record.
            Others that a killed process may have made are named and kept.

            | what moves | both hosts show | what must have happened | after an intent |
            |---|---|---|---|
            \(lines.joined(separator: "\n"))

            Images that a step copied, live or cold, are removed in two states only: the copies on the
            target when the domain was seen on the source and not on the target, the originals on the
            source when it was seen running on the target, some seconds apart, and not on the source,
            and the copies are on the target's disk.

            In a run that goes on by itself "down, defined on both" is the way forward: the source's
            definition is removed, with its files kept. A guest that was seen running on the target, or
            may have run there, is not started on the source any more: what it wrote is on the target
            alone. One that its owner shut down there has arrived; one that does not start there again
            halts the run.
            """
    }

    private static func before(_ row: RecoveryRow) -> String {
        let verdicts = Set(
            pairs.filter { row.matches($0.0, $0.1) }
                .map { word(RecoveryTable.verdict(source: $0.0, target: $0.1).verdict) })
        return verdicts.sorted().joined(separator: "; ")
    }

    private static func word(_ verdict: PreflightVerdict) -> String {
        switch verdict {
        case .start: "migrate, if the target has not even a definition"
        case .skip: "skip the step"
        case .lookAgain: "check again; if it does not pass, plan around it"
        case .avoidTarget: "otherwise plan around this target"
        case .stopRun: "start nothing more and say what changed"
        }
    }

    private static func sentence(_ decision: RecoveryDecision) -> String {
        switch decision {
        case .arrived: "done: it arrived"
        case .arrivedThenStopped: "done: it arrived and was shut down since"
        case .stayed: "the attempt failed; try again, or plan around it"
        case .stopped: "skip: there is nothing to move"
        case .wait: "wait for it; abort it when its time is up"
        case .lookAgain(let doubt): "check again; halt if it does not pass: \(doubt)"
        case .settle(.destroyPausedSource): "destroy the paused copy on the source, check again"
        case .settle(.resumeSource):
            "resume the source's copy, once no other host knows the domain, and check again"
        case .settle(.resumePostcopy):
            "resume the migration (virsh migrate --postcopy-resume), check again; halt if it "
                + "cannot be resumed for a minute"
        case .settle(.undefineSource): "undefine it on the source, check again"
        case .settle(.undefineTarget): "undefine it on the target, check again"
        case .settle(.setAutostart): "set autostart on the target, check again"
        case .settle(.setSourceAutostart): "set autostart on the source, check again"
        case .settle(.startSource):
            "start it on the source, once no other host knows the domain, and check again"
        case .settle(.startTarget):
            "start it on the target, once no other host knows the domain, and check again; one "
                + "that does not start there goes back"
        case .settle(.returnDefinition): "define it on the source again, check again"
        case .settle(.removeTargetImages): "remove the copied images on the target, check again"
        case .settle(.removeSourceImages): "remove the old images on the source, check again"
        case .halt(let reason): "**halt**: \(reason)"
        }
    }

    // MARK: All pairs

    private static let presences: [DomainSighting.Presence] = [
        .absent, .inactive, .running, .pausedByMigration, .paused, .postcopyFailed, .unknown,
    ]

    package static let sightings: [DomainSighting] = presences.flatMap { presence in
        [false, true].flatMap { persistent in
            [false, true].map { job in
                DomainSighting(presence, isPersistent: persistent, jobActive: job)
            }
        }
    }

    package static let pairs = sightings.flatMap { source in sightings.map { (source, $0) } }

    private static var grids: String {
        let cases: [(String, Bool, Bool, Bool)] = [
            ("Persistent domains, no migration at work", true, false, false),
            ("Transient domains, no migration at work", false, false, false),
            ("A migration at work on the source", true, true, false),
            ("A migration at work on the target", true, false, true),
            ("A migration at work on both", true, true, true),
        ]
        let live = cases.map { title, persistent, sourceJob, targetJob in
            grid("## \(title)", persistent, sourceJob, targetJob)
        }
        let cold = [
            grid("## Moved cold, no migration at work", true, false, false, .cold),
            grid("## A definition only, no migration at work", true, false, false, .definition),
        ]
        return (live + cold).joined(separator: "\n\n")
    }

    private static func grid(
        _ title: String, _ persistent: Bool, _ sourceJob: Bool, _ targetJob: Bool,
        _ beginning: StepPreconditions = .live
    ) -> String {
        let head = "| source ↓ target → | " + presences.map(\.rawValue).joined(separator: " | ")
        let lines = presences.map { source in
            let cells = presences.map { target in
                word(
                    RecoveryTable.decide(
                        source: DomainSighting(
                            source, isPersistent: persistent, jobActive: sourceJob),
                        target: DomainSighting(
                            target, isPersistent: persistent, jobActive: targetJob),
                        after: beginning
                    ).decision)
            }
            return "| **\(source.rawValue)** | \(cells.joined(separator: " | ")) |"
        }
        let rule = "|" + String(repeating: "---|", count: presences.count + 1)
        return ([title, "", head + " |", rule] + lines).joined(separator: "\n")
    }

    private static func word(_ decision: RecoveryDecision) -> String {
        switch decision {
        case .arrived: "arrived"
        case .arrivedThenStopped: "arrived, stopped"
        case .stayed: "stayed"
        case .stopped: "stopped"
        case .wait: "wait"
        case .lookAgain: "check again"
        case .settle(let settlement): settlement.rawValue
        case .halt: "**halt**"
        }
    }
}
