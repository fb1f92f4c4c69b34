import Actuation
import ClusterModel
package import Execution
import Foundation
import Persistence

/// Runs that another process drives.
extension RunService {
    /// How often a run is looked at, and for how many looks in a row nobody may drive it before it
    /// counts as killed.
    private static let watch = (milliseconds: Int64(500), looks: 4)

    /// Follows a run to its end; nil is the one that holds the fleet, else the last one.
    package func watch(_ wanted: RunID?) async throws -> RunEnding {
        let run = try await watched(wanted)
        let records = try await journal.records(of: run)
        let begun = RunState(plan: try await journal.plan(of: run), records: records)
        if begun.outcome != nil { return ending(of: run, begun) }
        guard let driver, driver.drives(run) else { throw wasKilled(run) }
        await progress.observe(.watchBegins(run, begun, driver: driver.description))
        do {
            let end = try await follow(run, begun, from: records.count)
            await progress.observe(.runIsOver)
            return ending(of: run, end)
        } catch {
            await progress.observe(.runIsOver)
            throw error
        }
    }

    private func watched(_ wanted: RunID?) async throws -> RunID {
        if let run = wanted {
            _ = try await state(of: run)
            return run
        }
        if let run = driver?.run { return run }
        guard let last = try await journal.runs().first else {
            throw CommandError("there are no runs to watch")
        }
        return last
    }

    private func follow(
        _ run: RunID, _ begun: RunState, from first: Int
    ) async throws -> RunState {
        let file = RunProgressFile(directory: stores.directory, run: run)
        var (state, last, looksAlone) = (begun, first, 0)
        var shown: [StepID: MigrationProgress] = [:]
        while true {
            let news = try await journal.records(of: run, after: last)
            for record in news {
                last = record.sequence
                state.apply(record.event, at: record.at)
                await progress.observe(.run(.recorded(record.event)))
            }
            if state.outcome != nil { return state }
            for (id, now) in file.read().sorted(by: { $0.key < $1.key }) where shown[id] != now {
                shown[id] = now
                await progress.observe(.run(.progress(id, now)))
            }
            // Its last record comes before it lets go of the fleet.
            looksAlone = driver?.drives(run) == true || !news.isEmpty ? 0 : looksAlone + 1
            guard looksAlone < Self.watch.looks else { throw wasKilled(run) }
            try await observer.clock.sleep(Self.watch.milliseconds)
        }
    }

    private func wasKilled(_ run: RunID) -> CommandError {
        CommandError(
            "the process of run \(run) was killed before the run ended. See: " + waysOn(from: run),
            exit: .halted)
    }

    /// As the process that drove it ended, where that was one that reached its goal.
    private func ending(of run: RunID, _ state: RunState) -> RunEnding {
        let outcome = state.outcome ?? RunOutcome(.halted)
        let isWanted = state.goal == .rollback && outcome.state == .rolledBack
        return RunEnding(
            report: RunReport(run: run, state: state), exit: isWanted ? .done : outcome.exit,
            left: RunEnding.Left(state, outcome))
    }

    /// Tells the process of a run that no new migration is to start; the running ones end.
    package func stop(_ run: RunID) async throws -> RunReport {
        let found = try await state(of: run)
        guard found.outcome == nil else {
            throw CommandError("run \(run) has already ended: there is nothing to stop")
        }
        guard let driver else { throw wasKilled(run) }
        try signal(SIGUSR1, to: driver, of: run)
        await progress.observe(.toldToStop(driver.description))
        return RunReport(run: run, state: found)
    }
}
