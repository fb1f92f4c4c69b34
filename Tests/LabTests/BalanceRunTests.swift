import Foundation
import Testing

/// `balance` on real hosts: it evens out what is uneven, and then leaves things alone.
@Suite(.serialized, .needsLab, .timeLimit(.minutes(10)))
struct BalanceRunTests {
    @Test func anOverfullHostIsRelievedOnce() async throws {
        try await withLab("balance", hosts: 2) { lab in
            for guest in ["a", "b", "c"] { try lab.guest(guest, on: "host1", "--memory", "80") }
            try lab.guest("d", on: "host1", "--memory", "80", "--wait")
            // Hosts of 1,100 MiB: the four guests, with QEMU's own share, fill three quarters of one.
            let total = try DrainTests.hostMemoryMiB(lab)
            try lab.writeConfig(reserveMiB: ["host1": total - 1100, "host2": total - 1100])
            let balance = try lab.kvmbalance("balance", "--yes")
            #expect(balance.status == 0, "\(balance.text)")
            #expect(try lab.guests(on: "host1").count == 2, "\(balance.text)")
            let again = try lab.kvmbalance("balance", "--yes")
            #expect(again.status == 0 && again.output.contains("nothing to do"), "\(again.text)")
            try lab.expectAllWell()
        }
    }
}
