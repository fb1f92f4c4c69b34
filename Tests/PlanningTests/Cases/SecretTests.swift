import ClusterModel
import PlacementPolicy
import TestSupport
import Testing

/// "The new host's Ceph client works, and every guest fails there."
@Suite struct SecretTests {
    private static let uuid = "6f1d9c1e-0c3e-4a52-8f67-1f3f0a1c2d3e"
    private static let ceph = HostSecret(uuid: uuid, usageType: "ceph", usage: "client.libvirt")

    private func story(
        _ need: SecretNeed = SecretNeed(uuid: uuid, usageType: "ceph"), there: [HostSecret]?
    ) -> StorageStory {
        var story = StorageStory(hosts: 3)
        story.guest("db1", Disk(target: "vda", source: .network(protocol: "rbd", name: "vms/db1")))
        story.cluster.domains[0].facts.secrets = [need]
        story[1].secrets = [Self.ceph]
        story[2].secrets = there
        story[3].secrets = there
        return story
    }

    @Test func `a host without the secret is no target, and the secret is named`() {
        var story = story(there: [])
        let blocker = story.blocker(of: "db1")
        #expect(blocker?.detail.contains(Self.uuid) == true)
        #expect(blocker?.remedy.contains("virsh secret-define") == true)
        #expect(blocker?.remedy.contains("virsh secret-set-value \(Self.uuid)") == true)
        #expect(!story.isJudgedFine("db1") && story.isAccepted)
        story[3].secrets = [Self.ceph]
        #expect(story.way(of: "db1")?.target == "host3")
        #expect(story.isJudgedFine("db1", to: "host3") && !story.isJudgedFine("db1"))
    }

    @Test func `cold it does not start there either`() {
        var story = story(there: [])
        story.policy.migration.offline = ["*"]
        #expect(story.blocker(of: "db1") != nil)
        #expect(!story.isJudgedFine("db1", .offline))
    }

    @Test func `by usage it is looked up among those of its type`() {
        let need = SecretNeed(usageType: "ceph", usage: "client.libvirt")
        let moved = HostSecret(uuid: "other", usageType: "ceph", usage: "client.libvirt")
        #expect(story(need, there: [moved]).way(of: "db1")?.mode == .live)
        let iscsi = HostSecret(uuid: "other", usageType: "iscsi", usage: "client.libvirt")
        #expect(story(need, there: [iscsi]).blocker(of: "db1") != nil)
        #expect(!story(need, there: [iscsi]).isJudgedFine("db1"))
        // By UUID nothing else counts.
        #expect(story(there: [moved]).blocker(of: "db1") != nil)
    }

    @Test func `where secrets were not read a caution says so`() {
        let story = story(there: nil)
        #expect(story.way(of: "db1")?.mode == .live && story.isAccepted)
        #expect(story.plan.steps[0].cautions.contains { $0.contains(Self.uuid) })
    }

    // MARK: The user that opens files

    @Test func `another number of QEMU's user is worth a word where files are shared`() {
        var story = StorageStory()
        story.guest("web1", .file("/shared/web1.qcow2"))
        story.guest("db1", Disk(target: "vda", source: .network(protocol: "rbd", name: "vms/db1")))
        story[1].qemuOwner = "64055:108"
        story[2].qemuOwner = "107:107"
        let cautions = story.plan.steps.map { step in
            (step.domainName, step.cautions.contains { $0.contains("107:107") })
        }
        #expect(Dictionary(uniqueKeysWithValues: cautions) == ["web1": true, "db1": false])
        story[2].qemuOwner = "64055:108"
        #expect(story.plan.steps.allSatisfy { $0.cautions.isEmpty })
    }
}
