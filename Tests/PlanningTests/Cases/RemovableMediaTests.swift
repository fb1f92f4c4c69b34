import ClusterModel
import PlacementPolicy
import TestSupport
import Testing

/// "I installed it months ago, its disk is on the NFS, and it will not leave."
@Suite struct RemovableMediaTests {
    private static let iso = Disk.medium(.file(path: "/var/lib/libvirt/images/debian-12.iso"))
    private static let disk = Disk.file("/shared/web1.qcow2")

    private func story(_ disks: Disk..., copying: Bool = false) -> StorageStory {
        var story = StorageStory(hosts: 3)
        story.guest("web1", Self.disk)
        story.cluster.domains[0].facts.disks += disks
        if copying { story.policy.migration.copyStorageAll = ["*"] }
        return story
    }

    @Test(arguments: [false, true])
    func `a forgotten ISO of the host is named, and ejecting it is the way out`(copying: Bool) {
        let story = story(Self.iso, copying: copying)
        let blocker = story.blocker(of: "web1")
        #expect(blocker?.reason == .localStorage)
        #expect(
            blocker?.detail.contains("CD-ROM sda holds /var/lib/libvirt/images/debian-12.iso")
                == true)
        #expect(
            blocker?.remedy.contains("virsh change-media web1 sda --eject --live --config") == true)
        // libvirt copies no disk that is only read.
        #expect(blocker?.remedy.contains("copy-storage") == false)
        #expect(!story.isJudgedFine("web1") && story.isAccepted)
        if copying { #expect(!story.isJudgedFine("web1", .storage, copies: ["sda"])) }
    }

    @Test func `once it is ejected the guest leaves`() {
        let story = story(.medium(.none))
        #expect(story.way(of: "web1")?.mode == .live)
        #expect(story.isJudgedFine("web1") && story.isAccepted)
    }

    /// The drive, and each kind of medium that lies where no pool is.
    @Test func `the host's own drive, a floppy and a volume are ejected too`() {
        for (medium, words) in [
            (Disk.medium(.block(path: "/dev/sr0")), "CD-ROM sda holds /dev/sr0"),
            (.medium(.file(path: "/root/driver.img"), "floppy"), "floppy fda holds /root/driver"),
            (
                .medium(.volume(pool: "default", volume: "seed.iso")),
                "CD-ROM sda holds seed.iso of pool default"
            ),
        ] {
            let story = story(medium)
            let blocker = story.blocker(of: "web1")
            #expect(blocker?.detail.contains(words) == true, "\(blocker?.detail ?? "")")
            #expect(blocker?.remedy.contains("--eject") == true)
            #expect(blocker?.remedy.contains("copy-storage") == false)
            #expect(!story.isJudgedFine("web1"))
        }
    }

    /// cloud-init's data as a disk: that has no drive to be taken from.
    @Test func `a seed that is a disk is detached`() {
        var seed = Disk.file("/var/lib/libvirt/images/web1-seed.iso", as: "vdb")
        seed.isReadOnly = true
        let story = story(seed, copying: true)
        let blocker = story.blocker(of: "web1")
        #expect(blocker?.detail.contains("vdb (/var/lib/libvirt/images/web1-seed.iso)") == true)
        #expect(
            blocker?.remedy.contains("virsh detach-disk web1 vdb --live --config") == true)
        #expect(blocker?.remedy.contains("copy-storage") == false)
    }

    /// Each command must be one that libvirt takes for this guest, and that a shell reads as one.
    @Test func `the command fits a guest that is off, and one without a definition`() {
        var off = story(Self.iso)
        off.cluster.domains[0].facts.state = .shutOff
        off.policy.migration.offline = ["*"]
        #expect(off.blocker(of: "web1")?.remedy.contains("sda --eject --config)") == true)
        var transient = story(Self.iso)
        transient.cluster.domains[0].facts.isPersistent = false
        transient.cluster.domains[0].facts.name = "it's mine"
        #expect(
            transient.blocker(of: "it's mine")?.remedy.contains(
                #"change-media 'it'\''s mine' sda --eject --live)"#) == true)
    }

    @Test func `an ISO that is declared by its own path is on both`() {
        var story = story(Self.iso)
        story.policy.sharedStorage = [
            SharedStorage(path: "/var/lib/libvirt/images/debian-12.iso")
        ]
        #expect(story.way(of: "web1")?.mode == .live && story.isAccepted)
        story.cluster.domains[0].facts.disks[1] = .medium(
            .file(path: "/var/lib/libvirt/images/other.iso"))
        #expect(story.blocker(of: "web1") != nil && !story.isJudgedFine("web1"))
    }
}
