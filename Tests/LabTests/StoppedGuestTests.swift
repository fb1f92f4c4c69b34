import Foundation
import Testing

/// Guests that cannot move, stopped for a drain of their host and had back by its return.
@Suite(.serialized, .needsLab, .timeLimit(.minutes(10)))
struct StoppedGuestTests {
    private static let policy = """
        name: maintenance
        unmovable: {shutdown: [device], save: [snapped], cold: [localdisk]}
        """

    @Test func whoCannotMoveIsStoppedAndHadBack() async throws {
        try await withLab("stopped", hosts: 2) { lab in
            try lab.guest("device", on: "host1", "--hostdev", "--wait")
            try lab.guest("snapped", on: "host1", "--snapshot", "--wait")
            try lab.guest("localdisk", on: "host1", "--storage", "local", "--wait")
            try lab.guest("free", on: "host1", "--wait")
            let file = lab.file("maintenance.yaml")
            try Self.policy.write(toFile: file, atomically: true, encoding: .utf8)
            let before = try lab.placement()

            // What cannot be saved is said before anything starts.
            let refused = try lab.kvmbalance("drain", "host1", "--unmovable", "save", "--yes")
            #expect(refused.status == 3, "\(refused.text)")
            #expect(refused.text.contains("its memory cannot be saved"), "\(refused.text)")
            #expect(try lab.placement() == before)

            let drain = try lab.kvmbalance("drain", "host1", "--policy", file, "--yes")
            #expect(drain.status == 0, "\(drain.text)")
            #expect(try lab.guests(on: "host1") == [])
            #expect(try lab.guests(on: "host2") == ["free", "localdisk"])
            let device = try lab.virsh("host1", "dominfo", "device")
            #expect(device.text.contains("shut off"), "\(device.text)")
            let saved = try lab.virsh("host1", "dominfo", "snapped")
            #expect(saved.text.contains("Managed save:   yes"), "\(saved.text)")
            let status = try lab.kvmbalance("status").text
            #expect(status.contains("shut down by run 1") && status.contains("saved by run 1"))

            let back = try lab.kvmbalance("return", "host1", "--policy", file, "--yes")
            #expect(back.status == 0, "\(back.text)")
            #expect(try lab.placement() == before)
            let restored = try lab.virsh("host1", "dominfo", "snapped")
            #expect(restored.text.contains("Managed save:   no"), "\(restored.text)")
            // Whoever was saved has lost nothing: the others were shut down and booted again.
            for name in ["device", "localdisk"] { try lab.lab("expect", name, "restarted") }
            try lab.expectAllWell()
        }
    }
}
