package import ClusterModel
package import Persistence
import Sampling
import Telemetry

/// The metrics database as the sampling of dirty rates sees it.
package struct DirtyRateTable: DirtyRateStore {
    private let metrics: MetricsStore
    private let now: @Sendable () -> Timestamp

    package init(metrics: MetricsStore, now: @escaping @Sendable () -> Timestamp) {
        self.metrics = metrics
        self.now = now
    }

    package func measurableDomains() async throws -> [(domain: DomainID, host: HostName)] {
        let observations = try await metrics.observations()
        let moving = Set(observations.flatMap { $0.migratingOut + $0.migratingIn })
        return observations.flatMap { observation in
            observation.domains
                .filter { $0.state == .running && !moving.contains($0.id) }
                .map { ($0.id, observation.host) }
        }
    }

    package func measurementTimes() async throws -> [DomainID: Timestamp] {
        try await metrics.dirtyRates(after: now().advanced(byMilliseconds: -86_400_000))
            .mapValues(\.at)
    }

    package func store(_ readings: [DirtyRatesReading]) async throws {
        try await metrics.store(readings)
    }
}
