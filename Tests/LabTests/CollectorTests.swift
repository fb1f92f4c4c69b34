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
            try await Task.sleep(for: .seconds(7))
            collector.send(SIGTERM)
            let told = Date()
            let ended = try collector.wait()
            #expect(ended.status == 0, "\(ended.text)")
            #expect(Date().timeIntervalSince(told) < 2, "it took more than a period to end")
            #expect(ended.errors.contains("host3"), "the dead host was not recorded")

            let status = try lab.json("status")
            let domains = try #require(status["domains"] as? [[String: Any]])
            for domain in domains {
                let demand = try #require(domain["demand"] as? [String: Any])
                // 15 ticks at a period of one second: a dead host must not have cost any.
                #expect((demand["samples"] as? Int ?? 0) >= 12, "\(domain)")
            }
            let hosts = try #require(status["hosts"] as? [[String: Any]])
            let dead = try #require(hosts.first { $0["name"] as? String == "host3" })
            #expect(dead["fault"] is String, "\(dead)")
        }
    }
}
