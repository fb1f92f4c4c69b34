import Foundation
import Testing

/// `consolidate` on real hosts: as few hosts as the guests need, and back again.
@Suite(.serialized, .needsLab, .timeLimit(.minutes(10)))
struct ConsolidateRunTests {
    @Test func aHostIsFreedAndFilledAgain() async throws {
        try await withLab("fewer", hosts: 3) { lab in
            let start = ["a": "host1", "b": "host2", "c": "host2", "d": "host3", "e": "host3"]
            for (guest, host) in start.sorted(by: { $0.key < $1.key }) {
                try lab.guest(guest, on: host, "--memory", "80")
            }
            try lab.lab("wait")
            for _ in 0..<4 {
                let sampled = try lab.kvmbalance("collect", "--once")
                #expect(sampled.status == 0, "\(sampled.text)")
                try await Task.sleep(for: .seconds(1))
            }
            try await Self.consolidate(lab, from: start)
        }
    }

    /// With QEMU's own share the five guests need 1,040 MiB.
    private static func sizeHosts(_ lab: Lab, MiB: Int) throws {
        let reserve = "memory: \(try DrainTests.hostMemoryMiB(lab) - MiB)MiB"
        try lab.writeConfig(reserve: ["host1": reserve, "host2": reserve, "host3": reserve])
    }

    private static func consolidate(_ lab: Lab, from start: [String: String]) async throws {
        let policy = Lab.root.appendingPathComponent("policies/consolidate.yaml").path
        // Two hosts would hold them all, but if one of them failed the other could not.
        try sizeHosts(lab, MiB: 800)
        let kept = try lab.kvmbalance("plan", "consolidate", "--policy", policy)
        #expect(kept.status == 0 && kept.output.contains("nothing to do"), "\(kept.text)")

        try sizeHosts(lab, MiB: 1300)
        let plan = try lab.json("plan", "consolidate", "--policy", policy)
        #expect(plan["hosts"] as? [String] == ["host1"], "\(plan)")
        let score = try #require(plan["score"] as? [String: Any])
        let after = try #require(score["after"] as? [String: Any])
        let bound = try #require(score["bound"] as? [String: Any])
        #expect(after["hosts_in_use"] as? Double == 2 && bound["hosts_in_use"] as? Double == 2)
        #expect(try lab.placement() == start, "planning moved something")

        let run = try lab.kvmbalance("consolidate", "--policy", policy, "--yes")
        #expect(run.status == 0, "\(run.text)")
        #expect(try lab.guests(on: "host1") == [], "\(run.text)")
        try lab.expectAllWell()
        let again = try lab.kvmbalance("consolidate", "--policy", policy, "--yes")
        #expect(again.status == 0 && again.output.contains("nothing to do"), "\(again.text)")

        let back = try lab.kvmbalance("runs", "rollback", "1", "--policy", policy, "--yes")
        #expect(back.status == 0, "\(back.text)")
        #expect(try lab.placement() == start, "\(back.text)")
        try lab.expectAllWell()
    }
}
