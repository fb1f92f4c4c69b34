import ClusterModel
import Foundation
import Persistence
import Telemetry
import Testing

/// What a timer's `balance --yes` does when nobody collects any more.
@Suite(.serialized) struct SampleAgeTests {
    @Test func oldSamplesMoveNothing() throws {
        let play = try Playground(hosts: 3, domains: 9)
        try play.write(
            "name: strict\ndemand: {maxAge: 1s}\nbalance: {spread: 1 %, minGain: 0 %}\n",
            to: "strict.yaml")
        let policy = play.path("strict.yaml")
        usleep(1_500_000)
        let before = try play.placement()
        for command in ["balance", "consolidate"] {
            let refused = try play.must(1, command, "--yes", "--policy", policy)
            #expect(refused.errors.contains("host1 was last asked"))
            #expect(refused.errors.contains("Is the collector running?"))
        }
        #expect(try play.placement() == before)
        #expect(try play.must(0, "runs", "list").output.contains("balance") == false)
        // Looking is free, and a drain is for maintenance: neither waits for a collector.
        try play.must(0, "plan", "balance", "--policy", policy)
        try play.must(0, "drain", "host1", "--yes", "--policy", policy)
        try play.must(0, "collect", "--once")
        try play.must(0, "balance", "--yes")
    }

    @Test func samplesThatAreStillToComeAreNoneOfNow() async throws {
        let play = try Playground(hosts: 3, domains: 3)
        let store = try MetricsStore(directory: play.path("database"))
        // Taken while the clock was ten years ahead.
        let ahead = Timestamp(seconds: Int64(Date().timeIntervalSince1970) + 10 * 365 * 86_400)
        try await store.store([.sample(RawHostSample(host: "host1", at: ahead))])
        try store.close()
        let refused = try play.must(1, "balance", "--yes")
        #expect(refused.errors.contains("host1 was last asked at"), "\(refused.text)")
        #expect(refused.errors.contains("still to come"), "\(refused.text)")
    }

    @Test func aFleetThatNobodyCollectsIsMeasuredThenAndThere() throws {
        let play = try Playground(hosts: 3, domains: 3, isSampled: false)
        try play.must(0, "balance", "--yes")
    }
}
