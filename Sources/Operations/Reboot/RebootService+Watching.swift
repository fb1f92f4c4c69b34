import Actuation
import ClusterModel
package import Execution
import Persistence

/// Rolling reboots that another process drives.
extension RebootService {
    /// How often it is looked at, and for how many looks in a row nobody may drive it before it
    /// counts as killed.
    private static let watch = (milliseconds: Int64(500), looks: 4)

    /// The rolling reboot that is meant by a number, or by none: the one under way, or the last of
    /// all runs. nil where that is an ordinary run.
    package func watched(_ wanted: RunID?) async throws -> RunID? {
        let all = try await journal.reboots()
        if let wanted { return all.contains(wanted) ? wanted : nil }
        if let driver = runs.driver { return driver.reboot }
        guard let last = all.first else { return nil }
        let run = try await journal.runs().first
        return run.map { $0 > last } == true ? nil : last
    }

    /// Tells where it is until it ends, and how it ended.
    package func watch(_ run: RunID) async throws -> (RebootReport, Exit) {
        var (line, looksAlone) = ("", 0)
        while true {
            let state = try await journal.rebootState(of: run)
            if state.outcome != nil { return (try await report(run, state), state.outcome.exit) }
            let timeless = state.line(at: Timestamp(seconds: 0))
            if timeless != line {
                await observer.progress.observe(.note(state.line(at: observer.now())))
                line = timeless
            }
            looksAlone = runs.driver?.drives(run) == true ? 0 : looksAlone + 1
            guard looksAlone < Self.watch.looks else { throw wasKilled(run) }
            try await observer.clock.sleep(Self.watch.milliseconds)
        }
    }
}
