import ClusterModel

/// What one host shows of a guest that is stopped or started there, and what that means. Total:
/// every sighting has one meaning.
enum InPlaceTable {
    /// Before anything was begun.
    enum Verdict: Hashable {
        case start
        /// Somebody else has changed it: it is left alone, for this reason.
        case skip(String)
        case lookAgain(String)
        case refuse(String)
    }

    /// After it was begun.
    enum Decision: Hashable {
        case done
        /// It is as it was before.
        case notDone
        /// Somebody else has changed it.
        case changed(String)
        /// libvirt is still at it.
        case wait(String)
        case lookAgain(String)
    }

    /// `isAsked` of a guest that was asked to shut down before and may have done so late.
    static func verdict(
        of seen: DomainSighting, for step: Step, isAsked: Bool
    ) -> Verdict {
        let host = step.move.source
        switch seen.presence {
        case .unknown: return .lookAgain("\(host) does not say how it is: \(seen.detail)")
        case .pausedByMigration, .postcopyFailed:
            return .lookAgain("somebody else migrates it from or to \(host)")
        case .running, .paused:
            if step.mode.startsInPlace { return .skip("runs on \(host) already") }
            if seen.jobActive || seen.isBeingSaved {
                return .lookAgain("somebody else migrates or saves it on \(host)")
            }
            guard step.mode == .save || seen.presence == .running else {
                return .refuse(
                    "it is paused on \(host) and cannot react to a shutdown request: resume it "
                        + "(virsh resume)")
            }
            return .start
        case .absent: return .skip("is not on \(host) any more: look for it (kvmbalance status)")
        case .inactive where seen.cause == .left: return .skip(RunMachine.leftWords(host))
        case .inactive where step.mode.stopsInPlace:
            return isAsked && step.mode == .shutdown
                ? .start : .skip("was shut down on \(host) before its turn")
        case .inactive where seen.hasSavedState != (step.mode == .restore):
            return .skip(
                step.mode == .restore
                    ? "is left alone, for its saved memory is not on \(host) any more and it would "
                        + "boot as after a loss of power: start it if it should (virsh start)"
                    : "is left alone, for somebody has saved its memory on \(host) since")
        case .inactive: return .start
        }
    }

    static func decide(_ seen: DomainSighting, after step: Step) -> Decision {
        let host = step.move.source
        switch seen.presence {
        case .unknown: return .lookAgain("\(host) does not say how it is: \(seen.detail)")
        case .pausedByMigration where step.mode.startsInPlace:
            return .wait("its QEMU is still being started on \(host)")
        case .pausedByMigration, .postcopyFailed:
            return .lookAgain("somebody else migrates it from or to \(host)")
        case .running, .paused:
            if step.mode.startsInPlace { return .done }
            if seen.isBeingSaved { return .wait("its memory is still being saved on \(host)") }
            if seen.jobActive { return .wait("somebody else migrates it from or to \(host)") }
            return .notDone
        case .absent: return .changed("is not on \(host) any more: look for it (kvmbalance status)")
        case .inactive where seen.cause == .left: return .changed(RunMachine.leftWords(host))
        case .inactive where step.mode.startsInPlace: return .notDone
        case .inactive where seen.hasSavedState != (step.mode == .save):
            return .changed(
                step.mode == .save
                    ? "was shut down on \(host) meanwhile, and its memory is not saved"
                    : "was saved on \(host) by somebody else meanwhile")
        case .inactive: return .done
        }
    }
}
