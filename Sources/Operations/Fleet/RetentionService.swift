package import Actuation
import ClusterModel
package import Logging
package import Persistence
package import PlacementPolicy
import ServiceLifecycle
import Telemetry

/// Rolls raw samples up into the tiers and deletes what is older than the operator keeps it, every
/// ten minutes, beside the collector.
package struct RetentionService: Service {
    private let store: MetricsStore
    private let kept: Retention
    private let clock: WorldClock
    private let logger: Logger

    package init(store: MetricsStore, kept: Retention, clock: WorldClock, logger: Logger) {
        self.store = store
        self.kept = kept
        self.clock = clock
        self.logger = logger
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await tidy()
                } catch {
                    logger.error("old samples stay", metadata: ["error": "\(error)"])
                }
                try? await clock.sleep(600_000)
            }
        }
    }

    /// Samples arrive a little after their time: an hour is rolled up a minute after its end.
    func tidy() async throws {
        let moment = clock.now()
        let hours = try await store.rollUp(before: moment.advanced(byMilliseconds: -60_000))
        if hours > 0 { logger.info("rolled up", metadata: ["hours": "\(hours)"]) }
        guard try await !store.hasGap(before: moment) else {
            logger.info("old samples stay for an hour, in case the clock is wrong")
            return
        }
        // What is not in the tiers yet stays, however old it is.
        if let rolled = try await store.rolledUntil() {
            let limit = min(rolled, moment.advanced(byMilliseconds: -kept.raw * 1000))
            _ = try await store.deleteSamples(before: limit)
        }
        for (tier, seconds) in [
            (Tier.minute, kept.minutes), (.fiveMinutes, kept.fiveMinutes), (.hour, kept.hours),
        ] {
            let limit = moment.advanced(byMilliseconds: -seconds * 1000)
            _ = try await store.deleteRows(of: tier, before: limit)
        }
        let longest = max(kept.raw, kept.minutes, kept.fiveMinutes, kept.hours)
        // An hour more: the end of an hour is when its domains were seen.
        let forgotten = try await store.forgetDomains(
            lastSeenBefore: moment.advanced(byMilliseconds: -(longest + 3600) * 1000))
        if forgotten > 0 {
            logger.info("forgot domains", metadata: ["domains": "\(forgotten)"])
        }
    }
}
