import ClusterModel
import PlacementPolicy
import TestSupport
import Testing

/// Folders that are the same on several hosts: by pools, by the operator's word, by what `hosts
/// check` saw.
@Suite struct SharedFolderTests {
    // MARK: NFS in /etc/fstab, as every guide shows

    /// No pool, no declaration.
    private func fstab(hosts: Int = 3) -> StorageStory {
        var story = StorageStory(hosts: hosts)
        for number in 1...3 { story.guest("web\(number)", .file("/srv/vm/web\(number).qcow2")) }
        return story
    }

    @Test func `unproven, the remedy is to let it be proven`() {
        let story = fstab()
        let blocker = story.blocker(of: "web1")
        #expect(blocker?.reason == .storageUnknown)
        #expect(blocker?.detail.contains("/srv/vm/web1.qcow2") == true)
        #expect(blocker?.remedy.hasPrefix("kvmbalance hosts check") == true)
        #expect(!story.isJudgedFine("web1"))
    }

    @Test func `proven, it leaves live without a declaration`() {
        var story = fstab()
        for host in 1...3 { story.prove("/srv/vm", "seen on host1", on: host) }
        #expect(story.plan.outcome == .plan && story.plan.steps.count == 3)
        #expect(story.plan.steps.allSatisfy { $0.mode == .live && $0.copies.isEmpty })
        #expect(story.isJudgedFine("web1") && story.isAccepted)
    }

    @Test func `a proof is of one folder, of some hosts, and of a week`() {
        var story = fstab()
        story.guest("deep", .file("/srv/vm/other-mount/deep.qcow2"))
        story.prove("/srv/vm", "seen on host1", on: 1)
        story.prove("/srv/vm", "seen on host1", on: 3)
        #expect(story.way(of: "web1")?.target == "host3")
        #expect(!story.isJudgedFine("web1") && story.isJudgedFine("web1", to: "host3"))
        #expect(story.blocker(of: "deep") != nil && !story.isJudgedFine("deep", to: "host3"))

        var old = fstab(hosts: 2)
        for host in 1...2 { old.prove("/srv/vm", "seen on host1", on: host, hoursAgo: 8 * 24) }
        let blocker = old.blocker(of: "web1")
        #expect(blocker?.detail.contains("7 days ago") == true, "\(blocker?.detail ?? "")")
        #expect(blocker?.remedy == "kvmbalance hosts check")
        #expect(!old.isJudgedFine("web1"))
    }

    /// A pool of type dir over the mount says nothing; a copy would be laid over the disk itself.
    @Test func `what is proven to be shared is never copied`() {
        var story = StorageStory()
        story.guest("web", .file("/var/lib/libvirt/images/web.qcow2"))
        story.policy.migration.copyStorageAll = ["*"]
        #expect(story.way(of: "web")?.mode == .storage)
        #expect(story.isJudgedFine("web", .storage, copies: ["vda"]))
        for host in 1...2 {
            story.prove("/var/lib/libvirt/images", "seen on host1", on: host)
        }
        #expect(story.way(of: "web")?.mode == .live && story.isAccepted)
        #expect(!story.isJudgedFine("web", .storage, copies: ["vda"]))
    }

    // MARK: A mount that is missing

    @Test func `a declared mount that was seen to be missing there is no target`() {
        var story = fstab()
        story.policy.sharedStorage = [SharedStorage(path: "/srv/vm")]
        #expect(story.plan.outcome == .plan && story.isJudgedFine("web1"))
        story.prove("/srv/vm", "seen on host1", on: 1)
        story.prove("/srv/vm", "seen on host2", on: 2)
        story.prove("/srv/vm", "seen on host1", on: 3)
        #expect(story.plan.steps.count == 3 && story.isAccepted)
        #expect(story.plan.steps.allSatisfy { $0.move.target == "host3" })
        #expect(!story.isJudgedFine("web1") && story.isJudgedFine("web1", to: "host3"))
    }

    @Test func `nothing is copied to where a mount is missing, and the remedy says to mount it`() {
        var story = StorageStory()
        story.guest("web", .file("/var/lib/libvirt/images/web.qcow2"))
        story.policy.sharedStorage = [SharedStorage(path: "/var/lib/libvirt/images")]
        story.policy.migration.copyStorageAll = ["*"]
        for host in 1...2 {
            story.prove("/var/lib/libvirt/images", "seen on host\(host)", on: host)
        }
        let blocker = story.blocker(of: "web")
        #expect(blocker?.remedy.contains("mount it on host2") == true, "\(blocker?.remedy ?? "")")
        #expect(!story.isJudgedFine("web", .storage, copies: ["vda"]))
    }

    @Test func `pools that call themselves the same are believed less than what was seen`() {
        var story = StorageStory()
        story.guest("web", .file("/shared/web.qcow2"))
        #expect(story.way(of: "web") != nil && story.isJudgedFine("web"))
        for host in 1...2 { story.prove("/shared", "seen on host\(host)", on: host) }
        #expect(story.blocker(of: "web")?.detail.contains("hosts check") == true)
        #expect(!story.isJudgedFine("web"))
    }

    // MARK: A pool that is not started

    private static let nfs = StoragePool(
        name: "vms", type: "netfs", targetPath: "/srv/vms",
        identity: "netfs:nfs:nas1.example.net:/export/vms")

    private func pools(
        active: [StoragePool] = [], inactive: [StoragePool]? = nil,
        _ disk: Disk = .file("/srv/vms/web1.qcow2")
    ) -> StorageStory {
        var story = StorageStory()
        story.guest("web1", disk)
        story[1].pools.append(Self.nfs)
        story[2].pools += active
        story[2].inactivePools = inactive
        return story
    }

    @Test func `a pool that is defined there is started`() {
        for disk in [
            Disk.file("/srv/vms/web1.qcow2"),
            Disk(target: "vda", source: .volume(pool: "vms", volume: "web1")),
        ] {
            let story = pools(inactive: [Self.nfs], disk)
            let blocker = story.blocker(of: "web1")
            #expect(blocker?.reason == .storageUnknown)
            #expect(blocker?.detail.contains("defined there and not active") == true)
            #expect(blocker?.remedy.contains("on host2: virsh pool-start vms") == true)
            #expect(blocker?.remedy.contains("declare") == false)
            #expect(!story.isJudgedFine("web1"))
            let started = pools(active: [Self.nfs], disk)
            #expect(started.way(of: "web1")?.mode == .live && started.isJudgedFine("web1"))
        }
    }

    @Test func `one that is not known to be there is started or defined`() {
        let remedy = pools().blocker(of: "web1")?.remedy
        #expect(remedy?.contains("virsh pool-start vms") == true, "\(remedy ?? "")")
        #expect(remedy?.contains("virsh pool-dumpxml vms") == true)
        // Starting another's storage of that name would not help.
        var other = Self.nfs
        other.identity = "netfs:nfs:nas2.example.net:/export/backup"
        let words = pools(inactive: [other]).blocker(of: "web1")?.detail
        #expect(words?.contains("no active pool there") == true, "\(words ?? "")")
    }

    @Test func `an inactive pool of the source is started there`() {
        var story = pools()
        story[1].pools.removeLast()
        story[1].inactivePools = [Self.nfs]
        #expect(
            story.blocker(of: "web1")?.remedy.contains("on host1: virsh pool-start vms") == true)
    }

    // MARK: Copies

    @Test func `a copy needs a pool like the source's`() {
        var story = StorageStory()
        story.guest("web1", .file("/var/lib/libvirt/images/web1.qcow2"))
        story.policy.migration.copyStorageAll = ["*"]
        story[2].pools[0] = StoragePool(name: "data", type: "dir", targetPath: "/data/images")
        let blocker = story.blocker(of: "web1")
        #expect(
            blocker?.detail.contains("no pool 'default' (dir, at /var/lib/libvirt/images) there")
                == true, "\(blocker?.detail ?? "")")
        #expect(blocker?.remedy.contains("on host2 (virsh pool-define)") == true)
        #expect(!story.isJudgedFine("web1", .storage, copies: ["vda"]))
    }

    // MARK: Other ways to write a path

    @Test func `a path that leads out of a shared folder is not in it`() {
        var story = StorageStory()
        for host in 1...2 {
            story[host].pools = [
                StoragePool(
                    name: "vms", type: "netfs", targetPath: "/srv/vms",
                    identity: "netfs:nfs:nas1:/export/vms")
            ]
        }
        story.guest("out", .file("/srv/vms/../../var/lib/libvirt/images/out.qcow2"))
        story.guest("in", .file("/srv//vms/./in.qcow2"))
        #expect(story.blocker(of: "out") != nil && !story.isJudgedFine("out"))
        #expect(story.way(of: "in")?.target == "host2" && story.isJudgedFine("in"))
    }

    @Test func `a folder is declared however it is spelled`() {
        var story = StorageStory()
        story.policy.sharedStorage = [SharedStorage(path: "/srv//vms//")]
        story.guest("web", .file("/srv/vms/web.qcow2"))
        #expect(story.way(of: "web")?.target == "host2" && story.isJudgedFine("web"))
    }

    // MARK: The same storage as another pool

    private func exported(at path: String, as name: String) -> StorageStory {
        var story = StorageStory()
        let export = "netfs:nfs:nas1:/export/vms"
        story[1].pools = [
            StoragePool(name: "vms", type: "netfs", targetPath: "/srv/vms", identity: export)
        ]
        story[2].pools = [
            StoragePool(name: name, type: "netfs", targetPath: path, identity: export)
        ]
        return story
    }

    @Test func `mounted elsewhere, the pool is to be given the path`() {
        var story = exported(at: "/mnt/vms", as: "vms")
        story.guest("web", .file("/srv/vms/web.qcow2"))
        let remedy = story.blocker(of: "web")?.remedy ?? ""
        #expect(remedy.contains("pool-edit") && !remedy.contains("pool-start vms;"), "\(remedy)")
    }

    @Test func `under another name, the pool is to be called alike`() {
        var story = exported(at: "/srv/vms", as: "guests")
        story.guest("web", Disk(target: "vda", source: .volume(pool: "vms", volume: "web.qcow2")))
        let blocker = story.blocker(of: "web")
        #expect(blocker?.detail.contains("is called 'guests' there") == true)
        #expect(blocker?.remedy.contains("call it 'vms' on host2 too") == true)
    }

    // MARK: Copies

    /// A folder that is declared for others is copied to those that it is not declared for: the
    /// room is counted, and planner and judge agree.
    @Test func `what is shared with one host takes room on another`() {
        var story = StorageStory(hosts: 3)
        let folder = "/var/lib/libvirt/images"
        story.policy.migration.copyStorageAll = ["*"]
        story.policy.sharedStorage = [SharedStorage(path: folder, hosts: ["host1", "host3"])]
        story.cluster.hosts[2].inMaintenance = true
        var disk = Disk.file(folder + "/web.qcow2")
        (disk.capacity, disk.allocation) = (.gibibytes(20), .gibibytes(20))
        story.guest("web", disk)
        for index in story[2].pools.indices { story[2].pools[index].available = .gibibytes(1) }
        #expect(story.plan.steps.isEmpty && story.isAccepted)
        for index in story[2].pools.indices { story[2].pools[index].available = .gibibytes(40) }
        #expect(story.way(of: "web")?.mode == .storage && story.isAccepted)
    }

    @Test func `what is proven to be shared takes no room`() {
        var story = StorageStory()
        let folder = "/var/lib/libvirt/images"
        story.policy.migration.copyStorageAll = ["*"]
        for host in 1...2 { story.prove(folder, "seen on host1", on: host) }
        var disk = Disk.file(folder + "/web.qcow2")
        (disk.capacity, disk.allocation) = (.gibibytes(20), .gibibytes(20))
        story.guest("web", disk)
        for index in story[2].pools.indices { story[2].pools[index].available = .gibibytes(1) }
        #expect(story.way(of: "web")?.mode == .live && story.isAccepted)
    }

    @Test func `a pool for the copies that is not started is to be started`() {
        var story = StorageStory()
        story.policy.migration.copyStorageAll = ["*"]
        story.guest("web", .file("/var/lib/libvirt/images/web.qcow2"))
        story[2].inactivePools = story[2].pools.filter { $0.type == "dir" }
        story[2].pools.removeAll { $0.type == "dir" }
        #expect(story.blocker(of: "web")?.remedy.contains("virsh pool-start") == true)
    }

    @Test func `copying is not advised where it would not help`() {
        var story = StorageStory()
        story.guest("deep", .file("/var/lib/libvirt/images/deep/deep.qcow2"))
        let remedy = story.blocker(of: "deep")?.remedy ?? ""
        #expect(remedy.contains("pool-define-as NAME dir --target"), "\(remedy)")
        #expect(remedy.contains("/var/lib/libvirt/images/deep"), "\(remedy)")
    }

    @Test func `a copy is not planned to where another guest's image lies`() {
        var story = StorageStory(hosts: 3)
        story.policy.migration.copyStorageAll = ["*"]
        story.guest("web", .file("/var/lib/libvirt/images/disk.qcow2"))
        story.guest("other", on: "host2", .file("/var/lib/libvirt/images/disk.qcow2"))
        #expect(story.way(of: "web")?.target == "host3")
        story.cluster.hosts[2].inMaintenance = true
        let blocker = story.blocker(of: "web")
        #expect(blocker?.detail.contains("other's image lies there") == true)
        #expect(blocker?.remedy.contains("vol-clone") == true)
    }
}
