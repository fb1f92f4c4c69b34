import ClusterModel
import Persistence
import Planning
import Sampling

/// What is measured just before a plan, because nobody measured it lately.
extension PlanService {
    /// Domains measured at once, on each host and in all.
    private static let atOnce = (host: 2, fleet: 16)

    /// Whom the request moves, where that is known before it is planned. A migration that is over
    /// sooner than a measurement is not worth one.
    func likelyMovers(
        for request: PlanRequest, in snapshot: ClusterSnapshot
    ) -> [LikelyMover]? {
        Planner.likelyMovers(
            for: request, in: snapshot, under: policy,
            longerThan: DirtyRateMeasurement.milliseconds)
    }

    /// The same of a plan that is made already.
    func movers(of plan: MigrationPlan) -> [LikelyMover] {
        var seen: Set<DomainID> = []
        return plan.migrationSteps.filter { step in
            step.estimate.durationMilliseconds > DirtyRateMeasurement.milliseconds
                && seen.insert(step.move.domain).inserted
        }.map { LikelyMover(domain: $0.move.domain, host: $0.move.source) }
    }

    /// The same world with what could be measured of these domains; nil when there was nothing to
    /// measure.
    func measured(
        _ movers: [LikelyMover], in snapshot: ClusterSnapshot
    ) async throws -> ClusterSnapshot? {
        let known = Set(snapshot.domains.filter { $0.dirtyRates != nil }.map(\.id))
        let wanted = movers.filter { !known.contains($0.domain) }
        guard !wanted.isEmpty else { return nil }
        let turns = Self.turns(of: wanted)
        let milliseconds = Int64(turns.count) * DirtyRateMeasurement.milliseconds
        await observer.progress.observe(
            .measuring(guests: wanted.count, milliseconds: milliseconds))
        var readings: [DirtyRatesReading] = []
        for turn in turns { readings += await measure(turn) }
        guard !readings.isEmpty else { return nil }
        try await observer.stores.metrics().store(readings)
        let found = Dictionary(
            readings.map { ($0.domain, $0.dirtyRates) }, uniquingKeysWith: { $1 })
        let domains = snapshot.domains.map { domain in
            var domain = domain
            domain.dirtyRates = found[domain.id] ?? domain.dirtyRates
            return domain
        }
        return ClusterSnapshot(
            snapshot, hosts: snapshot.hosts, domains: domains, inFlight: snapshot.inFlight)
    }

    /// Those of one turn are measured at once.
    private static func turns(of movers: [LikelyMover]) -> [[LikelyMover]] {
        var turns: [[LikelyMover]] = []
        for mover in movers {
            let free = turns.firstIndex { turn in
                turn.count < atOnce.fleet
                    && turn.filter { $0.host == mover.host }.count < atOnce.host
            }
            if let free { turns[free].append(mover) } else { turns.append([mover]) }
        }
        return turns
    }

    private func measure(_ movers: [LikelyMover]) async -> [DirtyRatesReading] {
        let (hosts, now) = (observer.hosts, observer.now)
        return await withTaskGroup(of: DirtyRatesReading?.self) { group in
            for mover in movers {
                guard let probe = hosts[mover.host]?.memoryProbe else { continue }
                group.addTask {
                    await DirtyRateMeasurement.measure(mover.domain, with: probe, now: now)
                }
            }
            return await group.reduce(into: []) { $0 += $1.map { [$0] } ?? [] }
                .sorted { $0.domain < $1.domain }
        }
    }
}
