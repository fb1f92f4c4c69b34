package import ClusterModel
package import HypervisorInterface
package import Logging
import ServiceLifecycle

/// Where the survey finds what to measure, and leaves what it found.
package protocol DirtyRateStore: Sendable {
    /// Domains that ran when their host was last read and that no migration was at work on.
    func measurableDomains() async throws -> [(domain: DomainID, host: HostName)]
    /// When each was measured last.
    func measurementTimes() async throws -> [DomainID: Timestamp]
    func store(_ readings: [DirtyRatesReading]) async throws
}

/// Measures how guests rewrite their memory, beside the samples and on a budget: at each turn one
/// domain of a host at most, few in all, and those first that were never measured or not for the
/// longest time.
package final class DirtyRateSampling<C: Clock>: Service where C.Duration == Duration {
    /// How much is measured.
    package struct Budget: Hashable, Sendable {
        /// From one turn's beginning to the next's.
        package var period: Duration = .seconds(20)
        package var domainsPerTurn = 4
        /// A measurement is good for this long.
        package var goodForMilliseconds: Int64 = 900_000
        /// One that could not be measured is left alone for this long.
        package var pauseMilliseconds: Int64 = 300_000

        package init() {}

        /// Is a domain left alone that could not be measured then? A clock that was set back must
        /// not leave it alone forever.
        func isPausing(_ failure: Timestamp, at now: Timestamp) -> Bool {
            (0...pauseMilliseconds).contains(now.millisecondsSince(failure))
        }
    }

    private let probes: [HostName: any DirtyRateProbe]
    private let store: any DirtyRateStore
    private let budget: Budget
    private let clock: C
    private let now: @Sendable () -> Timestamp
    private let logger: Logger

    package init(
        probes: [any DirtyRateProbe], store: any DirtyRateStore, budget: Budget = Budget(),
        clock: C, now: @escaping @Sendable () -> Timestamp, logger: Logger
    ) {
        self.probes = Dictionary(
            firstOf: probes.map { ($0.host, $0) })
        self.store = store
        self.budget = budget
        self.clock = clock
        self.now = now
        self.logger = logger
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown { await self.sampleDirtyRates() }
    }

    private func sampleDirtyRates() async {
        var failed: [DomainID: Timestamp] = [:]
        while !Task.isCancelled {
            let start = clock.now
            do {
                let measured = try await turn(failed)
                let moment = now()
                failed = failed.filter { budget.isPausing($0.value, at: moment) }
                for (domain, reading) in measured {
                    failed[domain] = reading == nil ? moment : nil
                }
            } catch {
                logger.warning("dirty rates are not measured", metadata: ["error": "\(error)"])
            }
            let next = start.advanced(by: budget.period)
            do { try await clock.sleep(until: next, tolerance: .zero) } catch { return }
        }
    }

    /// One turn: what was tried, with nil for what could not be measured.
    package func turn(
        _ failed: [DomainID: Timestamp] = [:]
    ) async throws -> [DomainID: DirtyRatesReading?] {
        let (probes, now) = (self.probes, self.now)
        let chosen = Self.choose(
            try await store.measurableDomains().filter { probes[$0.host] != nil },
            measured: try await store.measurementTimes(), failed: failed, at: now(),
            within: budget)
        let readings = await withTaskGroup(of: (DomainID, DirtyRatesReading?).self) { group in
            for (domain, host) in chosen {
                guard let probe = probes[host] else { continue }
                group.addTask {
                    (domain, await DirtyRateMeasurement.measure(domain, with: probe, now: now))
                }
            }
            return await group.reduce(into: [DomainID: DirtyRatesReading?]()) { $0[$1.0] = $1.1 }
        }
        try await store.store(readings.values.compactMap { $0 }.sorted { $0.domain < $1.domain })
        return readings
    }

    /// One of a host, the longest not measured first.
    static func choose(
        _ domains: [(domain: DomainID, host: HostName)], measured: [DomainID: Timestamp],
        failed: [DomainID: Timestamp], at now: Timestamp, within budget: Budget
    ) -> [(domain: DomainID, host: HostName)] {
        let due = domains.filter { domain, _ in
            let age = measured[domain].map { now.millisecondsSince($0) }
            // A clock that was set back must not stop it forever.
            return age.map { $0 < 0 || $0 > budget.goodForMilliseconds } ?? true
                && !(failed[domain].map { budget.isPausing($0, at: now) } ?? false)
        }.sorted {
            (measured[$0.domain]?.milliseconds ?? .min, $0.domain)
                < (measured[$1.domain]?.milliseconds ?? .min, $1.domain)
        }
        var chosen: [(domain: DomainID, host: HostName)] = []
        for entry in due where chosen.count < budget.domainsPerTurn {
            if !chosen.contains(where: { $0.host == entry.host }) { chosen.append(entry) }
        }
        return chosen
    }
}
