import ClusterModel
import Persistence

extension RunService {
    /// Moves the records of runs that ended this long ago out of the journal. Gives how many runs.
    package func archive(olderThanSeconds seconds: Int64) async throws -> Int {
        let lock = try lockFleet("runs archive")
        defer { lock.release() }
        return try await journal.archive(
            endedBefore: now().advanced(byMilliseconds: -seconds * 1000))
    }
}
