import ClusterModel
import Foundation
import PlacementPolicy
import PlanChecking
import Planning
import TestSupport
import Testing

/// Two distributions side by side: the same QEMU lies under another path on each.
@Suite struct EmulatorPathCases {
    private static let debian = "/usr/bin/kvm"
    private static let fedora = "/usr/libexec/qemu-kvm"

    private func fleet() -> GuestCase {
        var fleet = GuestCase()
        fleet.guest.emulator = Self.debian
        fleet.change(host: 1) { $0.guestSupport[0].emulator = Self.debian }
        fleet.change(host: 2) { $0.guestSupport[0].emulator = Self.fedora }
        return fleet
    }

    @Test func `the step tells the target's path, and the plan keeps it`() throws {
        let plan = fleet().drained()
        let step = try #require(plan.steps.first)
        #expect(step.emulators == [Self.debian: Self.fedora])
        #expect(step.cautions.contains("its QEMU \(Self.debian) is \(Self.fedora) there"))
        let read = try JSONDecoder().decode(
            MigrationPlan.self, from: JSONEncoder().encode(plan))
        #expect(read == plan)
    }

    @Test func `the plan checker wants the path that is there`() {
        let fleet = fleet()
        #expect(fleet.complaints().contains { $0.contains("another path") })
        var plan = fleet.drained()
        plan.steps[0].emulators = [Self.debian: "/usr/bin/other"]
        #expect(!PlanChecker.check(plan, on: fleet.cluster.snapshot, under: fleet.policy).isEmpty)
    }

    @Test func `where both have the same path nothing is said`() throws {
        var fleet = fleet()
        fleet.change(host: 2) { $0.guestSupport[0].emulator = Self.debian }
        let step = try #require(fleet.drained().steps.first)
        #expect(step.emulators.isEmpty)
        let json = String(decoding: try JSONEncoder().encode(step), as: UTF8.self)
        #expect(!json.contains("emulators"))
    }

    @Test func `a QEMU of the domain's own goes as it is, with a caution`() throws {
        var fleet = fleet()
        fleet.guest.emulator = "/opt/qemu-9/bin/qemu-system-x86_64"
        let step = try #require(fleet.drained().steps.first)
        #expect(step.emulators.isEmpty)
        #expect(
            step.cautions.contains {
                $0.hasPrefix("runs on /opt/qemu-9/bin/qemu-system-x86_64")
            })
    }

    @Test func `moved cold it is translated too`() throws {
        var fleet = fleet()
        fleet.policy.migration.offline = ["web"]
        fleet.cluster.domains[0].facts.coldBlockers = []
        fleet.cluster.domains[0].facts.blockers = [
            Blocker(
                domain: "web", reason: .hostDevice, detail: "PCI device", remedy: "detach it")
        ]
        let plan = Planner.plan(
            .drain(["host1"]), from: fleet.cluster.snapshot, under: fleet.policy, seed: 1)
        if let step = plan.steps.first {
            #expect(step.mode == .offline)
            #expect(step.emulators == [Self.debian: Self.fedora])
        }
    }
}
