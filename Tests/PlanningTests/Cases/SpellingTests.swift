import ClusterModel
import PlacementPolicy
import TestSupport
import Testing

/// One storage, described by two people.
@Suite struct SpellingTests {
    private func story(_ type: String, _ here: String, _ there: String) -> StorageStory {
        var story = StorageStory()
        let path = type == "netfs" ? "/srv/vms" : nil
        story.guest(
            "web1",
            path.map { Disk.file("\($0)/web1.qcow2") }
                ?? Disk(target: "vda", source: .volume(pool: "vms", volume: "web1")))
        for (host, identity) in [(1, here), (2, there)] {
            story[host].pools.append(
                StoragePool(name: "vms", type: type, targetPath: path, identity: identity))
        }
        return story
    }

    static let same: [(type: String, here: String, there: String)] = [
        ("netfs", "netfs:nfs:nas1:/export/vms", "netfs:auto:nas1:/export/vms"),
        ("netfs", "netfs:nfs:nas1:/export/vms", "netfs:nfs:NAS1.:/export/vms"),
        ("netfs", "netfs:nfs:fd00::9:/export/vms", "netfs:nfs:[fd00:0:0::9]:/export/vms"),
        ("netfs", "netfs:nfs:nas1:2049:/export/vms", "netfs:nfs:nas1:/export/vms"),
        ("netfs", "netfs:glusterfs:g1,g2:/vol", "netfs:glusterfs:g2:/vol"),
        ("rbd", "rbd:mon1:6789,mon2:6789,mon3:6789:vms", "rbd:mon2,mon4:vms"),
        ("gluster", "gluster:g1:vol:/", "gluster:g1,g2:vol:/"),
    ]

    @Test(arguments: same)
    func `other words for the same are the same`(
        _ pair: (type: String, here: String, there: String)
    ) {
        let story = story(pair.type, pair.here, pair.there)
        #expect(story.way(of: "web1")?.mode == .live, "\(story.blocker(of: "web1")?.detail ?? "")")
        #expect(story.isJudgedFine("web1") && story.isAccepted)
    }

    static let perhaps: [(type: String, here: String, there: String, remedy: String)] = [
        (
            "netfs", "netfs:nfs:nas1:/export/vms", "netfs:auto:10.20.0.9:/export/vms",
            "kvmbalance hosts check"
        ),
        (
            "netfs", "netfs:nfs:nas1:/export/vms", "netfs:nfs:nas1.example.net:/export/vms",
            "kvmbalance hosts check"
        ),
        (
            "rbd", "rbd:mon1:6789,mon2:6789:vms", "rbd:10.20.0.11:6789,10.20.0.12:6789:vms",
            "virsh pool-edit vms"
        ),
    ]

    @Test(arguments: perhaps)
    func `a server that is written otherwise is told, with both words`(
        _ pair: (type: String, here: String, there: String, remedy: String)
    ) {
        let story = story(pair.type, pair.here, pair.there)
        let blocker = story.blocker(of: "web1")
        #expect(blocker?.reason == .storageUnknown)
        for word in [pair.here, pair.there, "may be the same"] {
            #expect(blocker?.detail.contains(word) == true, "\(blocker?.detail ?? "")")
        }
        #expect(blocker?.remedy.contains(pair.remedy) == true, "\(blocker?.remedy ?? "")")
        #expect(!story.isJudgedFine("web1"))
    }

    @Test func `when hosts check has seen that it is the same, the words do not matter`() {
        var story = story("netfs", "netfs:nfs:nas1:/export/vms", "netfs:auto:10.20.0.9:/export/vms")
        for host in 1...2 { story.prove("/srv/vms", "seen on host1", on: host) }
        #expect(story.way(of: "web1")?.mode == .live)
        #expect(story.isJudgedFine("web1") && story.isAccepted)
    }

    static let different: [(type: String, here: String, there: String)] = [
        ("netfs", "netfs:nfs:nas1:/export/vms", "netfs:nfs:nas1:/export/backup"),
        ("netfs", "netfs:nfs:nas1:/export/vms", "netfs:glusterfs:nas1:/export/vms"),
        ("rbd", "rbd:mon1:vms", "rbd:mon1:images"),
        ("netfs", "netfs:nfs:nas1:/export/vms", "of a kind that nobody knows"),
    ]

    @Test(arguments: different)
    func `another share is another storage`(_ pair: (type: String, here: String, there: String)) {
        let story = story(pair.type, pair.here, pair.there)
        #expect(story.blocker(of: "web1")?.reason == .localStorage)
        #expect(!story.isJudgedFine("web1"))
    }

    @Test func `the same export under another path is told with both paths`() {
        var story = story("netfs", "netfs:nfs:nas1:/export/vms", "netfs:nfs:nas1:/export/vms")
        story.cluster.domains[0].facts.disks = [
            Disk(target: "vda", source: .volume(pool: "vms", volume: "web1"))
        ]
        story[2].pools[2].targetPath = "/mnt/vms"
        let blocker = story.blocker(of: "web1")
        #expect(blocker?.detail.contains("/mnt/vms there and at /srv/vms here") == true)
        #expect(!story.isJudgedFine("web1"))
    }
}
