import ClusterModel
import Foundation
import GRDB
import Persistence
import Telemetry
import Testing

/// Roll-up and retention in the database.
struct TierTests {
    /// Of the hour after `Samples.start`, which begins 13 minutes after one.
    private static let hour = Timestamp(seconds: 1_700_002_800)

    private static func fill(_ store: MetricsStore, hours: Int, busy: (Int) -> Int64) async throws {
        for tick in stride(from: 0, to: hours * 120, by: 1) {
            var sample = Samples.host(1, domains: 2, tick: 0, busy: 0)
            sample.at = hour.advanced(byMilliseconds: Int64(tick + 1) * 30_000)
            for index in sample.domains.indices {
                sample.domains[index].cpuTime = (0...tick).reduce(0) { $0 + busy($1) } * 30_000_000
            }
            try await store.store([.sample(sample)])
        }
    }

    @Test func demandOfADayIsTheSameWhenRawSamplesAreGone() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let store = try MetricsStore(directory: scratch.path)
        try await Self.fill(store, hours: 5) { 400 + Int64($0 / 120) * 100 }
        let end = Self.hour.advanced(byMilliseconds: 5 * 3_600_000)
        let window = SampleWindow(
            endingAt: end, lengthMilliseconds: 5 * 3_600_000, slots: 5, percentile: 95)
        let before = try await store.load(in: window)
        #expect(before.domains.count == 2)

        #expect(try await store.rollUp(before: end) == 5)
        #expect(try await store.rollUp(before: end) == 0, "nothing is done twice")
        #expect(try await store.rolledUntil() == end)
        let limit = Self.hour.advanced(byMilliseconds: 3 * 3_600_000)
        _ = try await store.deleteSamples(before: limit)
        let after = try await store.load(in: window)
        for (id, demand) in before.domains {
            #expect(after.domains[id]?.cpu == demand.cpu)
            #expect(after.domains[id]?.newestSample == demand.newestSample)
        }
        // The minutes go, the hours stay.
        _ = try await store.deleteRows(of: .minute, before: limit)
        _ = try await store.deleteRows(of: .fiveMinutes, before: limit)
        let coarse = try await store.load(in: window)
        for (id, demand) in before.domains { #expect(coarse.domains[id]?.cpu == demand.cpu) }
    }

    /// Hours tell as much as raw samples do; what is in both counts once.
    @Test func demandIsForeseenAlikeFromSamplesAndFromHours() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let store = try MetricsStore(directory: scratch.path)
        try await Self.fill(store, hours: 5) { 400 + Int64($0 / 120 % 2) * 300 + Int64($0 % 5) }
        let end = Self.hour.advanced(byMilliseconds: 4 * 3_600_000 + 1_800_000)
        let window = SampleWindow(
            endingAt: end, lengthMilliseconds: 2 * 86_400_000, slots: 24,
            periodMilliseconds: 86_400_000, deviationThousandths: 2000, isForeseen: true)
        let before = try await store.load(in: window)
        #expect(before.domains.count == 2)
        #expect(before.domains.values.allSatisfy { $0.samples == 4 * 120 + 59 })
        #expect(before.correlation == 1)

        #expect(try await store.rollUp(before: end) == 4)
        let after = try await store.load(in: window)
        #expect(after.correlation == before.correlation)
        for (id, demand) in before.domains {
            #expect(after.domains[id]?.cpu == demand.cpu)
            #expect(after.domains[id]?.variance == demand.variance)
            #expect(after.domains[id]?.newestSample == demand.newestSample)
        }
        _ = try await store.deleteSamples(
            before: Self.hour.advanced(byMilliseconds: 4 * 3_600_000 - 60_000))
        let coarse = try await store.load(in: window)
        for (id, demand) in before.domains { #expect(coarse.domains[id]?.cpu == demand.cpu) }
    }

    @Test func anHourThatIsNotOverStays() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let store = try MetricsStore(directory: scratch.path)
        try await Self.fill(store, hours: 2) { _ in 500 }
        let now = Self.hour.advanced(byMilliseconds: 3_600_000 + 60_000)
        #expect(try await store.rollUp(before: now) == 1)
        let rows = try await store.rows(of: .hour, from: Self.hour, to: now)
        #expect(rows.map(\.start) == [Self.hour, Self.hour, Self.hour], "host and two domains")
        #expect(try await store.rows(of: .minute, from: Self.hour, to: now).count == 3 * 60)
    }

    @Test func aRollUpThatWasInterruptedIsDoneAgain() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let store = try MetricsStore(directory: scratch.path)
        try await Self.fill(store, hours: 1) { Int64($0 % 7) * 100 }
        let end = Self.hour.advanced(byMilliseconds: 3_600_000)
        let interrupted = Task { try await store.rollUp(before: end, rowsPerTransaction: 10) }
        interrupted.cancel()
        _ = try? await interrupted.value
        _ = try await store.rollUp(before: end)
        let again = try await store.rows(of: .minute, from: Self.hour, to: end)
        let other = try Scratch()
        defer { other.remove() }
        let clean = try MetricsStore(directory: other.path)
        try await Self.fill(clean, hours: 1) { Int64($0 % 7) * 100 }
        _ = try await clean.rollUp(before: end)
        #expect(try await clean.rows(of: .minute, from: Self.hour, to: end) == again)
        #expect(again.count == 3 * 60)
    }
}
