import ClusterModel
import Execution
import HypervisorInterface

/// Orders to a migration that is under way.
extension RunExecutor {
    func adjust(_ id: StepID, _ adjustment: MigrationAdjustment) async {
        let move = self.move(id)
        do {
            try await connections[move.source]?.actuator.adjustMigration(
                of: move.domain, adjustment)
        } catch {
            send(.adjustFailed(id, adjustment, error: "\(error)"))
        }
    }

    func abort(_ id: StepID) async {
        controls[id]?.cancel()
        // A guest that is down or shuts down has no migration: a job that works on it is another's.
        guard machine.state.step(id)?.step.mode.hasNoMigrationJob == false else { return }
        let move = self.move(id)
        do {
            try await connections[move.source]?.actuator.abortMigration(of: move.domain)
        } catch {
            try? await clock.sleep(clock.pollMilliseconds)
            send(.abortFailed(id, error: "\(error)"))
        }
    }
}
