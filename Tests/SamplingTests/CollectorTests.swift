import ClusterModel
import HypervisorInterface
import Logging
import Sampling
import ServiceLifecycle
import Telemetry
import Testing

/// The collector against hosts that answer, fail and hang, in its own time.
@Suite(.timeLimit(.minutes(1)))
struct CollectorTests {
    let clock = ManualClock()
    let sink = FakeSink()
    let now = Timestamp(seconds: 99)
    let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    func collector(
        _ inspectors: [FakeInspector], settings: CollectorSettings = CollectorSettings()
    ) -> Collector<ManualClock> {
        Collector(
            inspectors: inspectors, sink: sink, observations: sink, settings: settings,
            clock: clock, now: { [now] in now }, logger: logger)
    }

    func sample(_ host: HostName) -> SampleOutcome {
        .sample(RawHostSample(host: host, at: Timestamp(seconds: 1)))
    }

    func failure(_ host: HostName, _ reason: String) -> SampleOutcome {
        .failure(host: host, at: now, reason: reason)
    }

    @Test func everyHostIsSampledAtEveryTick() async throws {
        let collector = collector([FakeInspector("b"), FakeInspector("a")])
        let running = Task { try await collector.run() }
        for tick in 1...5 {
            await sink.waitForBatches(tick)
            await clock.advance(to: .seconds(10 * tick))
        }
        await sink.waitForBatches(6)
        running.cancel()
        try await running.value
        #expect(sink.batches == Array(repeating: [sample("a"), sample("b")], count: 6))
        #expect(collector.counts.ticks == 6)
        #expect(collector.counts.samples == 12)
        #expect(collector.counts.skippedTicks == 0)
    }

    @Test func aHostThatFailsIsRecordedAsSuch() async throws {
        let broken = FakeInspector("broken", .fails)
        let batch = try await collector([broken, FakeInspector("a")]).collectOnce()
        #expect(
            batch == [
                sample("a"), failure("broken", "sample on broken: no route to host"),
            ])
        #expect(sink.batches == [batch])
        #expect(sink.observations.map(\.host) == ["a"])
    }

    @Test func aHostThatHangsDelaysNobodyAndIsAskedAgainWhenItIsBack() async throws {
        let stuck = FakeInspector("stuck", .hangs)
        let collector = collector([stuck, FakeInspector("a")])
        let running = Task { try await collector.run() }
        // Its time limit is 8 s of the 10 s.
        await clock.advance(to: .seconds(8))
        await sink.waitForBatches(1)
        await clock.advance(to: .seconds(10))
        await sink.waitForBatches(2)
        #expect(stuck.calls == 1)
        stuck.set(.answers)
        // The gate opens when the old call is back, some moment later.
        for tick in 2...100 {
            await clock.advance(to: .seconds(10 * tick))
            await sink.waitForBatches(tick + 1)
            if sink.batches[tick].last == sample("stuck") { break }
        }
        running.cancel()
        try await running.value
        let batches = sink.batches
        #expect(batches[0] == [sample("a"), failure("stuck", "no answer within 8.0 seconds")])
        #expect(
            batches[1] == [sample("a"), failure("stuck", "still busy with an earlier call")])
        #expect(batches.last == [sample("a"), sample("stuck")])
    }

    @Test func ticksThatAreLateAreSkippedAndNotMadeUpFor() async throws {
        let slow = FakeInspector("slow", .hangs)
        let collector = collector([slow])
        let running = Task { try await collector.run() }
        // The machine slept: 35 s went by in the first tick.
        await clock.advance(to: .seconds(8))
        clock.jump(to: .seconds(35))
        await sink.waitForBatches(1)
        slow.set(.answers)
        // Back on the grid.
        await clock.advance(to: .seconds(40))
        await sink.waitForBatches(2)
        running.cancel()
        try await running.value
        #expect(collector.counts.ticks == 2)
        #expect((2...3).contains(collector.counts.skippedTicks))
    }

    @Test func aFullDiskDoesNotStopIt() async throws {
        let collector = collector([FakeInspector("a")])
        sink.setFull(true)
        let running = Task { try await collector.run() }
        await clock.advance(to: .seconds(10))
        await clock.advance(to: .seconds(20))
        while collector.counts.lostBatches < 3 { await Task.yield() }
        sink.setFull(false)
        await clock.advance(to: .seconds(30))
        await sink.waitForBatches(1)
        running.cancel()
        try await running.value
        #expect(collector.counts.lostBatches == 3)
        #expect(sink.batches == [[sample("a")]])
        sink.setFull(true)
        await #expect(throws: FakeSink.DiskFull.self) { try await collector.collectOnce() }
    }

    @Test func cancellationInTheMidstOfATickStoresWhatIsThere() async throws {
        let stuck = FakeInspector("stuck", .hangs)
        let collector = collector([FakeInspector("a"), stuck])
        let running = Task { try await collector.run() }
        while stuck.calls == 0 { await Task.yield() }
        running.cancel()
        // Nobody moves the clock: it must not wait for the time limit.
        try await running.value
        // Whether `a` was in time is a race; that the stuck host did no wrong is not.
        for outcome in sink.batches.joined() { #expect(outcome == sample("a")) }
        #expect(collector.counts.failures == 0)
        stuck.set(.answers)
    }

    @Test func gracefulShutdownEndsItWhileItSleeps() async throws {
        let collector = collector([FakeInspector("a")])
        let group = ServiceGroup(
            configuration: .init(
                services: [
                    .init(
                        service: collector,
                        successTerminationBehavior: .gracefullyShutdownGroup)
                ], logger: logger))
        let running = Task { try await group.run() }
        await sink.waitForBatches(1)
        await group.triggerGracefulShutdown()
        try await running.value
        #expect(collector.counts.ticks == 1)
    }

    @Test func factsAreReadInTurns() async throws {
        let inspectors = (0..<4).map { FakeInspector(HostName("h\($0)")) }
        let collector = collector(
            inspectors, settings: CollectorSettings(ticksPerInventory: 4))
        let running = Task { try await collector.run() }
        for tick in 1...5 {
            await sink.waitForBatches(tick)
            // All four at the first tick, one at each tick after it.
            while collector.counts.storedFacts < 3 + tick { await Task.yield() }
            await clock.advance(to: .seconds(10 * tick))
        }
        await sink.waitForBatches(6)
        running.cancel()
        try await running.value
        #expect(Set(sink.observations[0..<4].map(\.host)).count == 4)
        #expect(sink.observations[4..<8].map(\.host) == ["h3", "h2", "h1", "h0"])
    }

    @Test func aChangeOfADomainIsLookedAtAtOnce() async throws {
        let inspectors = [FakeInspector("a"), FakeInspector("b")]
        let collector = collector(
            inspectors, settings: CollectorSettings(ticksPerInventory: 100))
        let running = Task { try await collector.run() }
        while collector.counts.storedFacts < 2 { await Task.yield() }
        inspectors[1].change()
        await clock.advance(to: .milliseconds(500))
        while collector.counts.storedFacts < 3 { await Task.yield() }
        running.cancel()
        try await running.value
        #expect(sink.observations.last?.host == "b")
        // Samples stay on their grid.
        #expect(collector.counts.ticks == 1)
    }

    @Test func aStormOfChangesIsLookedAtEveryTenSeconds() async throws {
        let host = FakeInspector("a")
        let collector = collector(
            [host], settings: CollectorSettings(period: .seconds(1000), ticksPerInventory: 100))
        let running = Task { try await collector.run() }
        while collector.counts.storedFacts < 1 { await Task.yield() }
        host.change()
        await clock.advance(to: .milliseconds(500))
        while collector.counts.storedFacts < 2 { await Task.yield() }
        // Whatever happens now is one change, and waits.
        for second in 1...9 {
            host.change()
            clock.jump(to: .seconds(second))
            for _ in 0..<100 { await Task.yield() }
        }
        #expect(collector.counts.storedFacts == 2)
        await clock.advance(to: .seconds(10))
        await clock.advance(to: .milliseconds(10_500))
        while collector.counts.storedFacts < 3 { await Task.yield() }
        running.cancel()
        try await running.value
        #expect(collector.counts.ticks == 1)
    }

    @Test func anInventoryThatHangsDoesNotKeepItFromStopping() async throws {
        let host = FakeInspector("a")
        let collector = collector([host], settings: CollectorSettings(ticksPerInventory: 2))
        let running = Task { try await collector.run() }
        await sink.waitForBatches(1)
        while collector.counts.storedFacts < 1 { await Task.yield() }
        host.set(.hangs)
        await clock.advance(to: .seconds(10))
        await clock.advance(to: .seconds(18))
        await sink.waitForBatches(2)
        running.cancel()
        try await running.value
        #expect(sink.batches.last == [failure("a", "no answer within 8.0 seconds")])
        host.set(.answers)
    }
}
