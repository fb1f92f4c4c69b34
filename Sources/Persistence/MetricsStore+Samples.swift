package import ClusterModel
import GRDB
package import Telemetry

extension MetricsStore {
    /// Samples in order of time and host; after `start`, up to and including `end`. For a window of
    /// the whole fleet use `forEachSample`, which holds one moment at a time.
    package func samples(
        from start: Timestamp, to end: Timestamp, of host: HostName? = nil
    ) async throws -> [RawHostSample] {
        try await read("read samples from") { database in
            var samples: [RawHostSample] = []
            try SampleReader(database, from: start, to: end)
                .forEach { if host == nil || $0.host == host { samples.append($0) } }
            return samples
        }
    }

    /// The same one by one. It blocks its thread while it reads.
    package func forEachSample(
        from start: Timestamp, to end: Timestamp, _ body: (RawHostSample) throws -> Void
    ) throws {
        do {
            try pool.read { database in
                try SampleReader(database, from: start, to: end).forEach(body)
            }
        } catch {
            throw file.error("read samples from", error)
        }
    }
}
