import Foundation
import Testing

/// Guests that cannot leave are named before anything starts, and stay where they are.
@Suite(.needsLab, .timeLimit(.minutes(10)))
struct BlockerTests {
    @Test func everyUnmovableGuestIsListedWithReasonAndRemedy() async throws {
        try await withLab("blockers", hosts: 2) { lab in
            try lab.lab("network", "host1", "onlyhere")
            try lab.guest("device", on: "host1", "--hostdev")
            try lab.guest("snapped", on: "host1", "--snapshot")
            try lab.guest("localdisk", on: "host1", "--storage", "local")
            try lab.guest("lonely", on: "host1", "--network", "onlyhere")
            try lab.guest("old", on: "host1", "--machine", "pc-i440fx-7.1")
            try lab.guest("nehalem", on: "host1", "--cpu-model", "Nehalem")
            try lab.lab("lacks", "host2", "machine:pc-i440fx-7.1")
            try lab.lab("lacks", "host2", "cpu:Nehalem")
            try lab.guest("free", on: "host1", "--wait")
            let plan = try lab.json("plan", "drain", "host1")
            #expect(plan["outcome"] as? String == "infeasible")
            let blockers = try #require(plan["blockers"] as? [[String: Any]])
            let reasons = Dictionary(
                blockers.map { ($0["domain"] as? String ?? "", $0["reason"] as? String ?? "") },
                uniquingKeysWith: { first, _ in first })
            #expect(
                reasons == [
                    "device": "hostdev", "snapped": "snapshot", "localdisk": "local-storage",
                    "lonely": "network", "old": "machine-type", "nehalem": "cpu-model",
                ])
            for blocker in blockers {
                #expect((blocker["remedy"] as? String ?? "").count > 10, "\(blocker)")
                #expect((blocker["detail"] as? String ?? "").count > 10, "\(blocker)")
            }
            let common = try lab.json("hosts", "baseline")
            let restart = common["restart"] as? [[String: Any]] ?? []
            #expect(restart.compactMap { $0["domain"] as? String } == ["nehalem"], "\(common)")
            // libvirt itself was asked, and the model that one host lacks is not among the others.
            let model = (common["baseline"] as? [String: Any])?["model"] as? String
            #expect(model?.isEmpty == false, "\(common)")
            let models = common["models"] as? [String] ?? []
            #expect(!models.isEmpty && !models.contains("Nehalem"), "\(common)")

            let refused = try lab.kvmbalance("drain", "host1", "--yes")
            #expect(refused.status == 3, "\(refused.text)")
            #expect(try lab.guests(on: "host1").count == 7)

            let rest = try lab.kvmbalance("drain", "host1", "--yes", "--best-effort")
            // What is left runs there: the host is not empty, and nobody is to switch it off.
            #expect(rest.status == 1, "\(rest.text)")
            #expect(rest.text.contains("host1 is not empty: 'device', 'localdisk', 'lonely'"))
            #expect(
                try lab.guests(on: "host1") == [
                    "device", "localdisk", "lonely", "nehalem", "old", "snapped",
                ])
            #expect(try lab.guests(on: "host2") == ["free"])
            try lab.expectAllWell()
        }
    }
}
