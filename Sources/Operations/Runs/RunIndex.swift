import ClusterModel
package import Execution
import Persistence

extension Stores {
    /// All runs in order of start, folded.
    package func runStates() async throws -> [(run: RunID, state: RunState)] {
        let journal = try journal()
        var states: [(RunID, RunState)] = []
        for run in try await journal.runs().sorted() {
            let records = try await journal.records(of: run)
            guard let plan = records.firstPlan else {
                throw CommandError(
                    "run \(run) in the journal has no plan: the journal is damaged", exit: .halted)
            }
            states.append((run, RunState(plan: plan, records: records)))
        }
        return states
    }
}

extension [JournalRecord] {
    /// The plan that the run was started for.
    fileprivate var firstPlan: MigrationPlan? {
        for record in self {
            if case .planned(let plan, _) = record.event { return plan }
        }
        return nil
    }
}
