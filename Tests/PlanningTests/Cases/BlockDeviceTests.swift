import ClusterModel
import PlacementPolicy
import TestSupport
import Testing

/// Disks that are devices: each by itself, or the LUNs of arrays.
@Suite struct BlockDeviceTests {
    @Test func `of two replicated devices the declared one leaves`() {
        var story = StorageStory()
        story.guest("db1", .device("/dev/drbd1000"))
        story.guest("db2", .device("/dev/drbd1001"))
        story.policy.sharedStorage = [
            SharedStorage(path: "/dev/drbd1000", hosts: ["host1", "host2"])
        ]
        #expect(story.way(of: "db1")?.target == "host2")
        #expect(story.way(of: "db1")?.mode == .live && story.isJudgedFine("db1"))
        let blocker = story.blocker(of: "db2")
        #expect(blocker?.detail.contains("/dev/drbd1001") == true, "\(blocker?.detail ?? "")")
        #expect(blocker?.remedy.contains("path: /dev/drbd1001") == true)
        #expect(!story.isJudgedFine("db2") && story.isAccepted)
    }

    @Test func `a device is declared for the hosts that have it, and a volume group as a whole`() {
        var story = StorageStory(hosts: 3)
        story.guest("db1", .device("/dev/drbd1000"))
        story.guest("db2", .device("/dev/san/db2"))
        story.policy.sharedStorage = [
            SharedStorage(path: "/dev/drbd1000", hosts: ["host1", "host3"]),
            SharedStorage(path: "/dev/san"),
        ]
        #expect(story.way(of: "db1")?.target == "host3")
        #expect(!story.isJudgedFine("db1") && story.isJudgedFine("db1", to: "host3"))
        #expect(story.way(of: "db2")?.mode == .live && story.isAccepted)
    }

    // MARK: LUNs

    private static let arrays = ["a", "b"].map { array in
        StoragePool(
            name: "san-\(array)", type: "iscsi", targetPath: "/dev/disk/by-path",
            identity: "iscsi:10.0.5.\(array == "a" ? 1 : 2):iqn.2020-01.net.example:array-\(array)")
    }

    private static func lun(_ array: String) -> Disk {
        .device(
            "/dev/disk/by-path/ip-10.0.5.\(array == "a" ? 1 : 2):3260-iscsi-"
                + "iqn.2020-01.net.example:array-\(array)-lun-1")
    }

    private func san(host2: [StoragePool]) -> StorageStory {
        var story = StorageStory()
        story.guest("db-a", Self.lun("a"))
        story.guest("db-b", Self.lun("b"))
        story[1].pools += Self.arrays
        story[2].pools += host2
        return story
    }

    @Test(arguments: [0, 1])
    func `a LUN is its array's, and goes only where that array is`(there: Int) {
        let story = san(host2: [Self.arrays[there]])
        let (goes, stays) = there == 0 ? ("db-a", "db-b") : ("db-b", "db-a")
        #expect(story.way(of: goes)?.mode == .live && story.isJudgedFine(goes))
        let blocker = story.blocker(of: stays)
        let pool = Self.arrays[1 - there].name
        #expect(blocker?.reason == .storageUnknown)
        #expect(blocker?.detail.contains(pool) == true, "\(blocker?.detail ?? "")")
        #expect(blocker?.remedy.contains("virsh pool-start \(pool)") == true)
        #expect(!story.isJudgedFine(stays) && story.isAccepted)
    }

    @Test func `what is no LUN of an iscsi pool is not in it, though in its folder`() {
        var story = san(host2: Self.arrays)
        story.guest("fc", .device("/dev/disk/by-path/pci-0000:05:00.0-fc-0x50060e80-lun-0"))
        story.guest("other", Self.lun("c"))
        for guest in ["fc", "other"] {
            #expect(story.blocker(of: guest)?.reason == .storageUnknown)
            #expect(!story.isJudgedFine(guest))
        }
        #expect(story.way(of: "db-a") != nil && story.way(of: "db-b") != nil)
    }

    @Test func `a target by another portal is told to be perhaps the same`() {
        var portal = Self.arrays[0]
        portal.identity = "iscsi:10.0.6.1:iqn.2020-01.net.example:array-a"
        let story = san(host2: [portal])
        #expect(story.blocker(of: "db-a")?.detail.contains("10.0.6.1") == true)
        #expect(!story.isJudgedFine("db-a"))
        var spelled = Self.arrays[0]
        spelled.identity = "iscsi:10.0.5.1:3260:iqn.2020-01.net.example:array-a"
        let same = san(host2: [spelled])
        #expect(same.way(of: "db-a")?.mode == .live && same.isJudgedFine("db-a"))
    }

    @Test func `a LUN with one world-wide name on both hosts is the same`() {
        let path = "/dev/disk/by-id/wwn-0x600a098000"
        var story = StorageStory(hosts: 3)
        story.guest("db", .device(path))
        #expect(story.blocker(of: "db")?.remedy.contains("kvmbalance hosts check") == true)
        story.prove(path, "naa.600a098000, 2048 sectors", on: 1)
        story.prove(path, "none on host2", on: 2)
        story.prove(path, "naa.600a098000, 2048 sectors", on: 3)
        #expect(story.way(of: "db")?.target == "host3")
        #expect(!story.isJudgedFine("db") && story.isJudgedFine("db", to: "host3"))
    }

    @Test func `a server on the host itself is another one elsewhere`() {
        var story = StorageStory()
        story.guest("n", Disk(target: "vda", source: .other(type: "nbd by localhost")))
        let blocker = story.blocker(of: "n")
        #expect(blocker?.detail.contains("another server on each host") == true)
        #expect(blocker?.remedy.contains("virsh edit n") == true)
        #expect(!story.isJudgedFine("n"))
    }
}
