import ClusterModel
import Foundation
import PlacementPolicy
import Planning
import TestSupport
import Testing

/// A host with modular daemons of which somebody enabled virtqemud alone: its networks and pools
/// are not known, which is something else than none.
@Suite struct UnreadPartCases {
    private func socket(_ daemon: String) -> String {
        "Failed to connect socket to '/var/run/libvirt/\(daemon)-sock': No such file or directory"
    }

    /// host2's networks and pools could not be read.
    private func fleet() -> GuestCase {
        var fleet = GuestCase()
        fleet.change(host: 2) {
            ($0.networks, $0.pools, $0.bridges) = ([], [], nil)
            $0.unread = [
                UnreadPart(.networks, reason: socket("virtnetworkd")),
                UnreadPart(.pools, reason: socket("virtstoraged")),
            ]
        }
        return fleet
    }

    @Test func `its networks could not be read, and the daemon is named`() throws {
        var fleet = fleet()
        fleet.cluster.domains[0].facts.disks = []
        fleet.cluster.domains[0].facts.interfaces = [.network("lan")]
        let blocker = try fleet.blocker()
        #expect(blocker.reason == .network)
        #expect(blocker.detail.contains("could not be read: \(socket("virtnetworkd"))"))
        #expect(blocker.remedy.contains("systemctl enable --now virtnetworkd.socket"))
        #expect(!fleet.complaints().isEmpty)
    }

    @Test func `its pools could not be read`() throws {
        let blocker = try fleet().blocker()
        #expect(blocker.reason == .storageUnknown)
        #expect(blocker.detail.hasPrefix("host2: its storage pools could not be read"))
        #expect(blocker.remedy.contains("systemctl enable --now virtstoraged.socket"))
        #expect(!blocker.detail.contains("no active pool"))
    }

    @Test func `a guest that is on it is not without shared storage`() throws {
        var fleet = fleet()
        fleet.cluster.domains[0].host = "host2"
        let plan = Planner.plan(
            .drain(["host2"]), from: fleet.cluster.snapshot, under: fleet.policy, seed: 1)
        let blocker = try #require(plan.blockers.first { $0.domain == "web" })
        #expect(blocker.detail.hasPrefix("host1: its host's storage pools could not be read"))
        #expect(blocker.remedy.contains("on its host"))
    }

    @Test func `a copy needs pools that are known`() throws {
        var fleet = fleet()
        fleet.policy.migration.copyStorageAll = ["web"]
        fleet.cluster.domains[0].facts.disks = [
            Disk(target: "vda", source: .file(path: "/var/lib/libvirt/images/web.qcow2"))
        ]
        #expect(try fleet.blocker().detail.contains("could not be read"))
    }

    @Test func `a guest that needs neither goes there`() {
        var fleet = fleet()
        fleet.cluster.domains[0].facts.disks = []
        #expect(fleet.target == "host2")
    }

    @Test func `a snapshot keeps it, and an old one is read without`() throws {
        let facts = try #require(fleet().cluster.hosts[1].facts)
        let coder = JSONEncoder()
        let read = try JSONDecoder().decode(HostFacts.self, from: coder.encode(facts))
        #expect(read == facts)
        var whole = facts
        whole.unread = nil
        let text = String(decoding: try coder.encode(whole), as: UTF8.self)
        #expect(!text.contains("unread") && !text.contains("cpuAnswers"))
    }
}
