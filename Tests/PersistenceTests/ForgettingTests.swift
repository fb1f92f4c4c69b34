import ClusterModel
import Foundation
import GRDB
import Persistence
import Telemetry
import Testing

/// The metrics database does not grow with all domains that ever were.
struct ForgettingTests {
    private func names(_ scratch: Scratch) async throws -> [String] {
        try await DatabaseQueue(path: scratch.file("metrics.sqlite")).read {
            try String.fetchAll($0, sql: "SELECT uuid FROM domain ORDER BY uuid")
        }
    }

    private func sample(_ domains: [String], at time: Timestamp) -> RawHostSample {
        var sample = Samples.host(1, domains: domains.count, tick: 0)
        sample.at = time
        for (index, name) in domains.enumerated() {
            sample.domains[index].id = DomainID(name)
            sample.domains[index].name = name
        }
        return sample
    }

    @Test func whatWasNotSeenForLongIsForgotten() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let store = try MetricsStore(directory: scratch.path)
        let hour: Int64 = 3_600_000
        let start = Tier.hour.start(of: Samples.start)
        // 'steady' is there all the time, 'short' for a moment.
        for tick in 0..<30 as Range<Int64> {
            let time = start.advanced(byMilliseconds: tick * hour / 10 + 1)
            let domains = tick == 0 ? ["short", "steady"] : ["steady"]
            try await store.store([.sample(sample(domains, at: time))])
        }
        let end = start.advanced(byMilliseconds: 3 * hour)
        #expect(try await store.rollUp(before: end) == 3)
        let limit = start.advanced(byMilliseconds: 2 * hour)
        #expect(try await store.forgetDomains(lastSeenBefore: limit) == 1)
        #expect(try await names(scratch) == ["steady"])
        // One that returns is a new one, and its samples have a name.
        let again = sample(["short"], at: end)
        try await store.store([.sample(again)])
        #expect(try await names(scratch) == ["short", "steady"])
        let back = try await store.samples(from: end.advanced(byMilliseconds: -1), to: end)
        #expect(back == [again])
    }

    @Test func aHostCannotMakeUpDomainsWithoutEnd() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let store = try MetricsStore(directory: scratch.path, mostNewcomers: 3)
        let first = sample(["a", "b"], at: Samples.start)
        try await store.store([.sample(first)])
        let later = Samples.start.advanced(byMilliseconds: 10_000)
        try await store.store([.sample(sample(["a", "b", "c", "d", "e"], at: later))])
        // Those that are known are recorded as before.
        let back = try await store.samples(from: Samples.start, to: later)
        #expect(back.flatMap(\.domains).map(\.name) == ["a", "b", "c"])
        let failures = try await store.failures(from: Samples.start, to: later)
        #expect(failures.first?.reason.contains("2 are not recorded") == true)
        // In the next hour there is room again.
        let next = Samples.start.advanced(byMilliseconds: 3_700_000)
        try await store.store([.sample(sample(["d", "e"], at: next))])
        #expect(try await names(scratch) == ["a", "b", "c", "d", "e"])
    }

    @Test func aClockThatWasAheadStopsNoRollUp() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let store = try MetricsStore(directory: scratch.path)
        let hour: Int64 = 3_600_000
        let start = Tier.hour.start(of: Samples.start)
        func record(_ hours: Range<Int64>) async throws {
            for tick in hours.lowerBound * 10..<hours.upperBound * 10 {
                let time = start.advanced(byMilliseconds: tick * hour / 10 + 1)
                try await store.store([.sample(sample(["a"], at: time))])
            }
        }
        try await record(0..<2)
        #expect(try await store.rollUp(before: start.advanced(byMilliseconds: 2 * hour)) == 2)
        // Ten years ahead for an hour and a half.
        try await record(87_600..<87_602)
        let ahead = start.advanced(byMilliseconds: 87_602 * hour)
        #expect(try await store.hasGap(before: start.advanced(byMilliseconds: 87_600 * hour)))
        _ = try await store.rollUp(before: ahead)
        try await record(2..<4)
        let now = start.advanced(byMilliseconds: 4 * hour)
        #expect(try await store.rollUp(before: now) == 2)
        #expect(try await store.rolledUntil() == now)
        #expect(try await !store.hasGap(before: now))
    }

    @Test func largeNumbersCostNothing() {
        let window = SampleWindow(
            endingAt: Timestamp(seconds: 100_000), lengthMilliseconds: 60_000, slots: 1)
        var load = LoadAccumulator(window: window, rules: RateRules(periodMilliseconds: 10_000))
        for second in [99_960, 99_970] as [Int64] {
            load.add(
                DomainReading(
                    domain: 3_000_000, host: 1, at: Timestamp(seconds: second),
                    cpuTime: second * 100_000_000, vcpus: 1))
        }
        #expect(load.numbersOfDomains == [3_000_000])
        let found = load.finish(domains: ["a": 3_000_000, "b": 5], hosts: [:])
        #expect(found.domains["a"]?.cpu?.max() == 100)
        #expect(found.domains["b"] == nil)
    }
}
