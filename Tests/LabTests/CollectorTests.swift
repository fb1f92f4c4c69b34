import Foundation
import Testing

/// The collector on real hosts: steady, undisturbed by a dead host, and gone when told to go.
@Suite(.serialized, .needsLab, .timeLimit(.minutes(10)))
struct CollectorTests {
    @Test func itSamplesSteadilyAndEndsWhenTold() async throws {
        try await withLab("collect", hosts: 3) { lab in
            try lab.guest("busy", on: "host1", "--cpu", "20")
            try lab.guest("idle", on: "host2", "--wait")
            let collector = try lab.start("collect", "--period", "1")
            try await Task.sleep(for: .seconds(8))
            try lab.lab("kill", "host3", "libvirtd")
            let before = try Self.samples(lab.json("status"))
            try await Task.sleep(for: .seconds(7))
            collector.send(SIGTERM)
            let told = Date()
            let ended = try collector.wait()
            #expect(ended.status == 0, "\(ended.text)")
            #expect(Date().timeIntervalSince(told) < 2, "it took more than a period to end")
            #expect(ended.errors.contains("host3"), "the dead host was not recorded")

            let status = try lab.json("status")
            for (domain, count) in try Self.samples(status) {
                // 7 ticks at a period of one second; some may be late on a busy machine, but a dead
                // host must not hold up the others.
                let earlier = before[domain] ?? 0
                #expect(earlier >= 3 && count - earlier >= 4, "\(domain): \(earlier), \(count)")
            }
            let hosts = try #require(status["hosts"] as? [[String: Any]])
            let dead = try #require(hosts.first { $0["name"] as? String == "host3" })
            #expect(dead["fault"] is String, "\(dead)")
        }
    }

    /// Domain → number of samples that its demand was taken from.
    private static func samples(_ status: [String: Any]) throws -> [String: Int] {
        var samples: [String: Int] = [:]
        for domain in try #require(status["domains"] as? [[String: Any]]) {
            let facts = try #require(domain["facts"] as? [String: Any])
            let demand = try #require(domain["demand"] as? [String: Any])
            samples[try #require(facts["name"] as? String)] = demand["samples"] as? Int ?? 0
        }
        return samples
    }
}
