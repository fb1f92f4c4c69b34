import ClusterModel
import Foundation
import GRDB
import Persistence
import Telemetry
import Testing

/// The metrics database: what goes in comes out, and nothing else.
struct MetricsStoreTests {
    @Test func samplesComeBackAsTheyWere() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let store = try MetricsStore(directory: scratch.path)
        // Two hosts at the same millisecond, one of them with nothing to say.
        var bare = RawHostSample(host: "bare", at: Samples.start)
        bare.domains = [RawDomainSample(id: "u", name: "paused one", state: .paused)]
        let full = Samples.host(1, domains: 3, tick: 0)
        let later = Samples.host(1, domains: 3, tick: 1)
        try await store.store([.sample(full), .sample(bare)])
        try await store.store([.sample(later)])
        let (before, end) = (Samples.start.advanced(byMilliseconds: -1), later.at)
        #expect(try await store.samples(from: before, to: end) == [bare, full, later])
        #expect(try await store.samples(from: before, to: end, of: "bare") == [bare])
        #expect(try await store.samples(from: full.at, to: end) == [later])
        var count = 0
        try store.forEachSample(from: before, to: end) { _ in count += 1 }
        #expect(count == 3)
    }

    @Test func everyStateHasItsCode() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let store = try MetricsStore(directory: scratch.path)
        let states: [DomainState] = [
            .running, .blocked, .paused, .shuttingDown, .shutOff, .crashed, .suspended, .unknown,
        ]
        var sample = RawHostSample(host: "h", at: Samples.start)
        sample.domains = states.map {
            RawDomainSample(id: DomainID($0.rawValue), name: $0.rawValue, state: $0)
        }
        try await store.store([.sample(sample)])
        let back = try await store.samples(
            from: Samples.start.advanced(byMilliseconds: -1), to: Samples.start)
        #expect(back.first?.domains.map(\.state) == states)
    }

    @Test func aSecondSampleOfTheSameInstantIsDropped() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let store = try MetricsStore(directory: scratch.path)
        let sample = Samples.host(1, domains: 2, tick: 0)
        try await store.store([.sample(sample), .sample(sample)])
        try await store.store([.sample(sample)])
        let back = try await store.samples(
            from: sample.at.advanced(byMilliseconds: -1), to: sample.at)
        #expect(back == [sample])
    }

    @Test func aReasonIsStoredAsOneLineOfAKibibyte() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let store = try MetricsStore(directory: scratch.path)
        let said = "error:\nfake\u{9B}" + String(repeating: "x", count: 1 << 20)
        try await store.store([.failure(host: "host1", at: Samples.start, reason: said)])
        let failures = try await store.failures(
            from: Samples.start.advanced(byMilliseconds: -1), to: Samples.start)
        let reason = try #require(failures.first?.reason)
        #expect(reason.hasPrefix("error: / fake\\u{9b}xxx") && reason.utf8.count <= 1024)
        try store.close()
    }

    @Test func failuresAreRecordsToo() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let store = try MetricsStore(directory: scratch.path)
        let late = Samples.start.advanced(byMilliseconds: 10_000)
        try await store.store([
            .sample(Samples.host(1, domains: 1, tick: 0)),
            .failure(host: "host2", at: Samples.start, reason: "no route"),
        ])
        try await store.store([.failure(host: "host1", at: late, reason: "timeout")])
        let failures = try await store.failures(
            from: Samples.start.advanced(byMilliseconds: -1), to: late)
        #expect(failures.map(\.host) == ["host2", "host1"])
        #expect(failures.map(\.reason) == ["no route", "timeout"])
        let contacts = try await store.contacts()
        #expect(contacts.map(\.host) == ["host1", "host2"])
        #expect(contacts.first?.newestSample == Samples.start)
        #expect(contacts.first?.newestFailure == late)
        #expect(contacts.last?.newestSample == nil)
        #expect(contacts.last?.failureReason == "no route")
    }

    @Test func demandIsTheSameFromTheDatabaseAsFromTheSamples() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let store = try MetricsStore(directory: scratch.path)
        var all: [RawHostSample] = []
        for tick in 0...36 where !(10...20).contains(tick) {
            for host in 1...3 {
                all.append(
                    Samples.host(
                        host, domains: 5, tick: tick, busy: Int64(host) * 300,
                        jitter: Int64(host)))
            }
        }
        // A guest that was restarted in between.
        for index in all.indices where all[index].host == "host2" && index > 40 {
            all[index].domains[0].cpuTime = all[index].domains[0].cpuTime.map {
                $0 - 3_000_000_000_000
            }
        }
        for sample in all { try await store.store([.sample(sample)]) }
        let rules = RateRules(periodMilliseconds: 10_000)
        let window = SampleWindow(
            endingAt: Samples.start.advanced(byMilliseconds: 365_000),
            lengthMilliseconds: 300_000, slots: 4)
        let expected = MeasuredLoad(of: all, window: window, rules: rules)
        let found = try await store.load(in: window, rules: rules)
        #expect(found == expected)
        #expect(try await store.load(in: window) == expected)
        #expect(found.domains.count == 15)
        #expect(found.hosts["host3"]?.busyPermille == 250)
        #expect(found.hosts["host3"]?.memoryAvailable == .gibibytes(71))
    }

    /// `collect --period 60`, or `--once` from cron: no interval of theirs is a gap.
    @Test(arguments: [60, 300]) func aLongPeriodIsSeenInTheSamples(seconds: Int) async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let store = try MetricsStore(directory: scratch.path)
        for tick in 0...5 {
            var sample = Samples.host(1, domains: 1, tick: tick)
            sample.at = Samples.start.advanced(byMilliseconds: Int64(tick * seconds) * 1000)
            sample.domains[0].cpuTime = Int64(tick * seconds) * 700_000_000
            try await store.store([.sample(sample)])
        }
        let window = SampleWindow(
            endingAt: Samples.start.advanced(byMilliseconds: Int64(5 * seconds) * 1000))
        let load = try await store.load(in: window)
        #expect(load.domains.values.first?.peak == 700)
        #expect(load.domains.values.first?.samples == 5)
        // Under the rules of a shorter period there are only gaps.
        let strict = try await store.load(in: window, rules: RateRules())
        #expect(strict.domains.values.first?.cpu == nil)
    }

    @Test func observationsAreReplaced() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let store = try MetricsStore(directory: scratch.path)
        func observation(at time: Timestamp, memory: Bytes) -> HostObservation {
            HostObservation(
                host: "h1", at: time,
                facts: HostFacts(
                    uuid: "u", hostname: "h1.example",
                    cpu: HostCPU(architecture: "x86_64", logicalCPUs: 8),
                    memory: memory),
                domains: [DomainFacts(id: "d", name: "a 'b' \"c\"/é", memory: .gibibytes(1))],
                migratingOut: ["d"])
        }
        try await store.store(observation(at: Samples.start, memory: 1))
        let newest = observation(at: Samples.start.advanced(byMilliseconds: 5), memory: 2)
        try await store.store(newest)
        #expect(try await store.observations() == [newest])
    }

    @Test func answersAboutCPUsStayWhileTheHostDoes() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let store = try MetricsStore(directory: scratch.path)
        var facts = HostFacts(
            uuid: "u", hostname: "h1", cpu: HostCPU(architecture: "x86_64", logicalCPUs: 8),
            memory: 1, hypervisorVersion: 7_002_000)
        func stored(_ change: (inout HostFacts) -> Void) async throws -> [CPUAnswer]? {
            change(&facts)
            try await store.store(
                HostObservation(host: "h1", at: Samples.start, facts: facts, domains: []))
            return try await store.observations().first?.facts.cpuAnswers
        }
        let answers = [CPUAnswer(kind: "k", isUsable: true)]
        #expect(try await stored { $0.cpuAnswers = answers } == answers)
        // The collector asks nothing.
        #expect(try await stored { $0.cpuAnswers = nil } == answers)
        #expect(try await stored { $0.cpu.megahertz = 3000 } == answers)
        #expect(try await stored { $0.hypervisorVersion = 9_002_000 } == nil)
    }

    @Test func aRenamedDomainKeepsItsHistory() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let store = try MetricsStore(directory: scratch.path)
        var sample = Samples.host(1, domains: 1, tick: 0)
        try await store.store([.sample(sample)])
        sample.at = sample.at.advanced(byMilliseconds: 10_000)
        sample.domains[0].name = "renamed"
        try await store.store([.sample(sample)])
        let back = try await store.samples(
            from: Samples.start.advanced(byMilliseconds: -1), to: sample.at)
        #expect(back.map { $0.domains[0].name } == ["renamed", "renamed"])
        #expect(Set(back.map { $0.domains[0].id }).count == 1)
    }

    @Test func oldSamplesAreDeletedInSmallPieces() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let store = try MetricsStore(directory: scratch.path)
        for tick in 0..<50 {
            try await store.store([
                .sample(Samples.host(1, domains: 10, tick: tick)),
                .failure(host: "h9", at: Samples.host(1, domains: 0, tick: tick).at, reason: "x"),
            ])
        }
        let limit = Samples.start.advanced(byMilliseconds: 400_000)
        let deleted = try await store.deleteSamples(before: limit, rowsPerTransaction: 35)
        // 40 ticks of 10 domains, 2 cells, 1 host and 1 failure.
        #expect(deleted == 40 * 14)
        let left = try await store.samples(
            from: Samples.start.advanced(byMilliseconds: -1),
            to: Samples.start.advanced(byMilliseconds: 1_000_000))
        #expect(left.count == 10)
        #expect(left.first?.at == limit)
        #expect(try await store.deleteSamples(before: limit) == 0)
    }

    @Test func numbersAreRightAfterAFailedBatch() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        // A tick of 2,000 domains needs more pages than there may be.
        let store = try MetricsStore(directory: scratch.path, maximumPages: 40)
        let error = await #expect(throws: StoreError.self) {
            try await store.store([.sample(Samples.host(1, domains: 2000, tick: 0))])
        }
        #expect(error?.kind == .diskFull)
        #expect(error?.message.contains("disk is full") == true)
        // Nothing of the batch is there, and a smaller one goes in under fresh numbers.
        let small = Samples.host(2, domains: 3, tick: 1)
        try await store.store([.sample(small)])
        let back = try await store.samples(
            from: Samples.start.advanced(byMilliseconds: -1), to: small.at)
        #expect(back == [small])
    }

    @Test func aCancelledTaskStillStores() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let store = try MetricsStore(directory: scratch.path)
        let sample = Samples.host(1, domains: 1, tick: 0)
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await store.store([.sample(sample)])
        }
        try await task.value
        #expect(try await store.contacts().map(\.host) == ["host1"])
    }
}
