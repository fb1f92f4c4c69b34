import ClusterModel
import Execution
import HypervisorInterface

/// Guests that are stopped or started where they are.
extension RunExecutor {
    /// Throws where that was refused, or its end was not seen: the look that follows says how it
    /// is.
    func changeInPlace(_ open: RunState.StepState) async throws -> MigrationStatistics? {
        let step = open.step
        guard let keeper = connections[step.move.source]?.images else {
            throw HypervisorError(
                kind: .unsupported, operation: step.mode.rawValue, host: step.move.source,
                message: "guests cannot be stopped or started over this connection")
        }
        try await demandLeases(on: step.move)
        let control = controls[step.id] ?? newControl(of: step.id)
        defer { controls[step.id] = nil }
        let begun = clock.steady()
        switch step.mode {
        case .shutdown:
            let seconds = machine.state.plan.options.shutdownSeconds ?? Self.shutdownSeconds
            try await keeper.shutDown(step.move.domain, within: seconds, control: control)
        case .save: try await keeper.saveMemory(of: step.move.domain)
        case .start, .restore: try await keeper.start(step.move.domain, with: [])
        case .live, .offline, .storage:
            throw StepFailure("step \(step.id) is a migration")
        }
        let took = clock.steady().millisecondsSince(begun)
        // How long one that is stopped will be down nobody knows.
        return MigrationStatistics(
            durationMilliseconds: took,
            downtimeMilliseconds: step.mode.startsInPlace ? took : nil, transferred: nil)
    }
}
