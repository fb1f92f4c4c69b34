import Foundation
import Testing

/// Others act on the hosts too: status tells what virsh tells, and a stale plan is refused.
@Suite(.needsLab, .timeLimit(.minutes(10)))
struct OtherHandsTests {
    @Test func statusAgreesWithVirshAndAStalePlanIsRefused() async throws {
        try await withLab("hands", hosts: 2) { lab in
            try lab.guest("stays", on: "host1")
            try lab.guest("moved", on: "host1", "--wait")
            try Self.expectStatusAgrees(lab)
            let file = lab.file("plan.json")

            try Self.savePlan(lab, file)
            _ = try lab.virsh(
                "host1", "migrate", "--live", "--p2p", "--persistent",
                "--undefinesource", "moved", "qemu+tcp://host2/system", "tcp://10.77.0.2")
            #expect(try lab.placement()["moved"] == "host2")
            try Self.expectRefused(lab, file, naming: "moved")
            try Self.expectStatusAgrees(lab)

            try Self.savePlan(lab, file)
            try lab.guest("newcomer", on: "host1", "--wait")
            try Self.expectRefused(lab, file, naming: "newcomer")

            try Self.savePlan(lab, file)
            _ = try lab.virsh("host1", "destroy", "stays")
            try lab.lab("expect", "stays", "off")
            try Self.expectRefused(lab, file, naming: "stays")
            try Self.expectStatusAgrees(lab)
            try lab.expectAllWell()
        }
    }

    static func savePlan(_ lab: Lab, _ file: String) throws {
        let saved = try lab.kvmbalance("plan", "drain", "host1", "--save", file)
        #expect(saved.status == 0, "\(saved.text)")
    }

    static func expectRefused(_ lab: Lab, _ file: String, naming name: String) throws {
        let before = try lab.placement()
        let applied = try lab.kvmbalance("apply", file, "--yes")
        #expect(applied.status == 1, "\(applied.text)")
        #expect(applied.errors.contains("'\(name)'"), "\(applied.text)")
        #expect(try lab.placement() == before)
    }

    static func expectStatusAgrees(_ lab: Lab) throws {
        let status = try lab.json("status")
        var seen: [String: String] = [:]
        for domain in try #require(status["domains"] as? [[String: Any]]) {
            let facts = try #require(domain["facts"] as? [String: Any])
            guard facts["state"] as? String == "running", let name = facts["name"] as? String
            else { continue }
            seen[name] = domain["host"] as? String
        }
        #expect(try lab.placement() == seen)
    }
}
