import ClusterModel
import PlacementPolicy
import Planning
import TestSupport
import Testing

/// A rolling upgrade: host1 and host3 have the new QEMU, host2 the old one.
@Suite struct OlderHypervisorCases {
    private func fleet() -> GuestCase {
        var fleet = GuestCase(hosts: 3)
        for host in [1, 3] {
            fleet.change(host: host) {
                $0.hypervisorVersion = 9_002_000
                $0.guestSupport[0].machineTypes = ["pc-q35-7.2", "pc-q35-9.2", "q35"]
            }
        }
        return fleet
    }

    @Test func `a machine type that the old one lacks is named`() {
        var fleet = fleet()
        fleet.guest.machineType = "pc-q35-9.2"
        #expect(fleet.target == "host3")
        fleet.cluster.hosts[2].fault = "no answer"
        let blockers = fleet.drained().blockers
        #expect(
            blockers.contains { $0.reason == .machineType && $0.detail.contains("pc-q35-9.2") })
    }

    @Test func `where there is a choice nobody goes back to the old one`() {
        var fleet = fleet()
        #expect(fleet.target == "host3")
        // However much emptier it is.
        fleet.cluster.domain("other", on: "host3", memory: .gibibytes(6))
        #expect(fleet.target == "host3")
    }

    @Test func `where there is none it goes there with a caution`() throws {
        var fleet = fleet()
        fleet.cluster.hosts[2].inMaintenance = true
        let step = try #require(fleet.drained().steps.first)
        #expect(step.move.target == "host2")
        #expect(step.cautions.contains { $0.contains("QEMU there is older (7.2.0 after 9.2.0)") })
    }

    @Test func `an older libvirt is second choice too`() {
        var fleet = GuestCase(hosts: 3)
        fleet.change(host: 2) { $0.libvirtVersion = 8_000_000 }
        fleet.cluster.domain("other", on: "host3", memory: .gibibytes(6))
        #expect(fleet.target == "host3")
    }

    @Test func `from the old one to a new one is no step back`() {
        var fleet = fleet()
        fleet.cluster.domains[0].host = "host2"
        let plan = Planner.plan(
            .drain(["host2"]), from: fleet.cluster.snapshot, under: fleet.policy, seed: 1)
        #expect(plan.steps.count == 1)
        #expect(plan.steps.allSatisfy { !$0.cautions.contains { $0.contains("older") } })
    }
}
