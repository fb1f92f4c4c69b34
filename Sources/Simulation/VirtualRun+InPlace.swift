import ClusterModel
import Execution

/// The rules of guests that are stopped or started where they are: what the one host showed last
/// must allow what the journal says now.
extension VirtualRun {
    mutating func demandProofInPlace(
        of event: JournalEvent, _ step: Step, _ look: Evidence?
    ) {
        let seen = look?.source
        let isUp = isGuest(seen?.presence)
        let isDown = seen?.presence == .inactive
        let isLate = state.asked[step.move.domain] != nil
        let isAllowed =
            switch event {
            case .intent where step.mode.stopsInPlace:
                look?.isChecked == true && seen?.jobActive == false && (isUp || isDown && isLate)
            case .intent:
                look?.isChecked == true && isDown && seen?.cause != .left
                    && seen?.hasSavedState == (step.mode == .restore)
            case .arrived where step.mode.stopsInPlace:
                isDown && seen?.hasSavedState == (step.mode == .save)
            case .arrived: isUp
            case .attemptFailed: step.mode.stopsInPlace ? isUp : isDown
            case .skipped: seen?.presence != .unknown
            case .settling(_, .startSource): look?.purpose == .watch && isDown
            case .upAgain: isUp
            case .settling: false
            case .taken, .planned, .adjusting, .failed, .stopping, .ended, .preparing, .cleared,
                .made, .askedToShutDown:
                true
            }
        if !isAllowed { report(["\(event) is recorded, and nothing that was seen proves it"]) }
        if case .intent = event { self.seen[step.id] = nil }
    }

    /// Of a step that is done at the end of a run.
    mutating func examineInPlace(_ state: RunState.StepState) {
        let (step, domain) = (state.step, state.step.move.domain)
        let copy = world.copy(of: domain, on: step.move.source)
        let isUp = copy?.holdsGuest == true
        if isUp == step.mode.stopsInPlace {
            report(["step \(step.id) is done and its domain is \(isUp ? "up" : "down")"])
        }
        if step.mode == .save, copy?.facts.hasManagedSave != true {
            report(["step \(step.id) is done and the memory of its guest is not saved"])
        }
    }
}
