package import ClusterModel
package import HypervisorInterface
package import Logging
import ServiceLifecycle
import Synchronization
package import Telemetry

/// Samples every host at every tick, all of them at once, and stores what they say, and that they
/// said nothing.
///
/// Ticks lie on a grid of periods from the start. A tick that takes too long makes the next ones on
/// the grid fall out: they never pile up. The clock is the caller's, so that tests need no time.
package final class Collector<C: Clock>: Service where C.Duration == Duration {
    private let probes: [HostSampler<C>]
    private let sink: any SampleSink
    private let observations: (any ObservationSink)?
    private let settings: CollectorSettings
    private let clock: C
    private let logger: Logger
    private let state = Mutex(State())

    private struct State {
        var counts = CollectorCounts()
        /// Hosts that did not answer at the last tick: only a change is worth a line in the log.
        var failing: Set<HostName> = []
    }

    /// `now` gives the wall-clock time that failures are recorded with; samples bring their own.
    package init(
        inspectors: [any HostInspector], sink: any SampleSink,
        observations: (any ObservationSink)? = nil,
        settings: CollectorSettings = CollectorSettings(), clock: C,
        now: @escaping @Sendable () -> Timestamp, logger: Logger
    ) {
        probes = inspectors.sorted { $0.host < $1.host }
            .map { HostSampler($0, settings: settings, clock: clock, now: now) }
        self.sink = sink
        self.observations = observations
        self.settings = settings
        self.clock = clock
        self.logger = logger
    }

    package var counts: CollectorCounts { state.withLock { $0.counts } }

    /// Collects until it is cancelled or told to shut down; then it stores what has come in of the
    /// tick that was under way, and returns at once.
    package func run() async throws {
        await cancelWhenGracefulShutdown { await self.collect() }
        let counts = counts
        logger.info(
            "the collector stops",
            metadata: [
                "ticks": "\(counts.ticks)", "samples": "\(counts.samples)",
                "failures": "\(counts.failures)", "lostBatches": "\(counts.lostBatches)",
                "tickMedian": "\(counts.tickTime(percentile: 50) ?? 0) ms",
                "tickP99": "\(counts.tickTime(percentile: 99) ?? 0) ms",
            ])
    }

    /// One look at every host, with its facts if there is a place for them. Unlike the service it
    /// throws what storing throws: the caller is a script that wants to know.
    package func collectOnce() async throws -> [SampleOutcome] {
        let batch = await sampleAll()
        count(batch)
        try await sink.store(batch)
        if observations != nil {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for probe in probes { group.addTask { try await self.refresh(probe) } }
                try await group.waitForAll()
            }
        }
        return batch
    }

    private func collect() async {
        let start = clock.now
        var tick = 0
        await withDiscardingTaskGroup { group in
            self.followChanges(in: &group)
            while !Task.isCancelled {
                await self.sampleAndStore()
                if !Task.isCancelled { self.refreshSome(at: tick, in: &group) }
                tick = self.nextTick(after: tick, from: start)
                let deadline = start.advanced(by: self.settings.period * tick)
                do { try await self.clock.sleep(until: deadline, tolerance: .zero) } catch { break }
            }
            group.cancelAll()
        }
    }

    /// The first tick on the grid that is not over yet.
    private func nextTick(after tick: Int, from start: C.Instant) -> Int {
        let elapsed = start.duration(to: clock.now)
        let next = max(tick + 1, Int((elapsed / settings.period).rounded(.up)))
        let skipped = next - tick - 1
        if skipped > 0 {
            state.withLock { $0.counts.skippedTicks += skipped }
            logger.warning("a tick took longer than a period", metadata: ["skipped": "\(skipped)"])
        }
        return next
    }

    private func sampleAndStore() async {
        let begun = clock.now
        defer {
            let took = begun.duration(to: clock.now)
            state.withLock { $0.counts.tookTick(took) }
        }
        let batch = await sampleAll()
        count(batch)
        guard !batch.isEmpty else { return }
        do {
            try await sink.store(batch)
        } catch {
            let lost = state.withLock {
                $0.counts.lostBatches += 1
                return $0.counts.lostBatches
            }
            logger.error(
                "samples could not be stored and are lost",
                metadata: ["error": "\(error)", "lostBatches": "\(lost)"])
        }
    }

    private func sampleAll() async -> [SampleOutcome] {
        await withTaskGroup(of: SampleOutcome?.self) { group in
            for probe in probes { group.addTask { await probe.sample() } }
            var batch: [SampleOutcome] = []
            for await outcome in group {
                if let outcome { batch.append(outcome) }
            }
            // In order of host, so that equal ticks make equal files.
            return batch.sorted { $0.host < $1.host }
        }
    }

    private func count(_ batch: [SampleOutcome]) {
        state.withLock { $0.counts.ticks += 1 }
        for outcome in batch {
            switch outcome {
            case .sample(let sample):
                let recovered = state.withLock {
                    $0.counts.samples += 1
                    return $0.failing.remove(sample.host) != nil
                }
                if recovered {
                    logger.notice("answers again", metadata: ["host": "\(sample.host)"])
                }
            case .failure(let host, _, let reason):
                let isNew = state.withLock {
                    $0.counts.failures += 1
                    return $0.failing.insert(host).inserted
                }
                logger.log(
                    level: isNew ? .warning : .debug, "no sample",
                    metadata: ["host": "\(host)", "reason": "\(reason)"])
            }
        }
    }

    /// What a person or a tool does to domains in one go comes as many events.
    private static var settling: Duration { .milliseconds(500) }

    /// Where something starts or stops all the time, its host is not read all the time.
    private static var betweenChanges: Duration { .seconds(10) }

    /// Facts change at once, and not when it is the host's turn again; after that, changes of this
    /// host wait for a while and are then one. Samples stay on their grid.
    private func followChanges(in group: inout DiscardingTaskGroup) {
        guard observations != nil, settings.ticksPerInventory != nil else { return }
        for probe in probes {
            group.addTask {
                for await _ in probe.changes {
                    do {
                        let next = self.clock.now.advanced(by: Self.betweenChanges)
                        try await self.clock.sleep(for: Self.settling)
                        await self.refreshAndLog(probe)
                        try await self.clock.sleep(until: next, tolerance: .zero)
                    } catch { return }
                }
            }
        }
    }

    /// Starts reading the facts of the hosts whose turn it is, beside the ticks; of all hosts at
    /// the first tick.
    private func refreshSome(at tick: Int, in group: inout DiscardingTaskGroup) {
        guard observations != nil, let every = settings.ticksPerInventory else { return }
        for (index, probe) in probes.enumerated()
        where tick == 0 || (tick + index).isMultiple(of: every) {
            group.addTask { await self.refreshAndLog(probe) }
        }
    }

    private func refreshAndLog(_ probe: HostSampler<C>) async {
        do {
            try await refresh(probe, listening: true)
        } catch {
            logger.error(
                "facts could not be stored",
                metadata: ["host": "\(probe.inspector.host)", "error": "\(error)"])
        }
    }

    /// Throws what storing throws; that a host does not answer is logged.
    private func refresh(_ probe: HostSampler<C>, listening: Bool = false) async throws {
        switch await probe.observation(listening: listening) {
        case .success(let observation):
            try await observations?.store(observation)
            state.withLock { $0.counts.storedFacts += 1 }
        case .failure(let failure):
            logger.warning(
                "no facts",
                metadata: ["host": "\(probe.inspector.host)", "reason": "\(failure.reason)"])
        case nil: break
        }
    }
}

extension SampleOutcome {
    fileprivate var host: HostName {
        switch self {
        case .sample(let sample): sample.host
        case .failure(let host, _, _): host
        }
    }
}
