import ClusterModel
import Persistence
import Sampling

/// What is measured just before a plan, because nobody measured it lately.
extension PlanService {
    /// Domains measured at once, on each host and in all.
    private static let atOnce = (host: 2, fleet: 16)

    /// The same world with what could be measured of the domains that this plan moves; nil when there
    /// was nothing to measure. A migration that is over sooner than a measurement is not worth one.
    func measured(
        for plan: MigrationPlan, in snapshot: ClusterSnapshot
    ) async throws -> ClusterSnapshot? {
        let known = Set(snapshot.domains.filter { $0.dirtyRates != nil }.map(\.id))
        let wanted = plan.steps.filter { step in
            !known.contains(step.move.domain)
                && step.estimate.durationMilliseconds > DirtyRateMeasurement.milliseconds
        }
        var turns: [[Step]] = []
        for step in wanted { Self.add(step, to: &turns) }
        var readings: [DirtyRatesReading] = []
        if !wanted.isEmpty {
            let seconds = turns.count * Int(DirtyRateMeasurement.milliseconds / 1000)
            Console.err(
                "measuring the dirty rate of \(Format.plural(wanted.count, "guest")), about "
                    + "\(seconds) s ('kvmbalance collect' does this in advance)")
        }
        for turn in turns { readings += await measure(turn) }
        guard !readings.isEmpty else { return nil }
        try await composition.metrics().store(readings)
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

    private static func add(_ step: Step, to turns: inout [[Step]]) {
        guard !turns.joined().contains(where: { $0.move.domain == step.move.domain }) else {
            return
        }
        let free = turns.firstIndex { turn in
            turn.count < atOnce.fleet
                && turn.filter { $0.move.source == step.move.source }.count < atOnce.host
        }
        if let free { turns[free].append(step) } else { turns.append([step]) }
    }

    private func measure(_ steps: [Step]) async -> [DirtyRatesReading] {
        let composition = composition
        return await withTaskGroup(of: DirtyRatesReading?.self) { group in
            for step in steps {
                guard let probe = composition.probe(step.move.source) else { continue }
                group.addTask {
                    await DirtyRateMeasurement.measure(
                        step.move.domain, with: probe, now: composition.now)
                }
            }
            return await group.reduce(into: []) { $0 += $1.map { [$0] } ?? [] }
                .sorted { $0.domain < $1.domain }
        }
    }
}
