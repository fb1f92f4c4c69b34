import Testing

@testable import Persistence

/// Where a database may lie.
struct LocalStorageTests {
    @Test(arguments: [
        "nfs", "nfs4", "cifs", "smb3", "ceph", "9p", "virtiofs", "fuse.sshfs", "fuse.glusterfs",
        "fuse.ceph", "fuse",
    ])
    func networkStorageIsRefused(type: String) {
        #expect(LocalStorage.isNetwork(type))
    }

    @Test(arguments: ["ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay", "fuseblk"])
    func localStorageIsNot(type: String) {
        #expect(!LocalStorage.isNetwork(type))
    }

    private static let mounts = """
        23 28 0:22 / /proc rw,nosuid shared:12 - proc proc rw
        41 28 0:37 / /mnt/my\\040disk rw,relatime shared:5 master:2 - fuse.sshfs ops@nas:/x rw
        42 28 8:1 / / rw - ext4 /dev/sda1 rw
        43 42 0:40 / /srv rw - nfs4 nas:/srv rw
        44 43 0:41 / /srv/local rw - btrfs /dev/sdb rw
        """

    private func type(_ device: String, _ folder: String) -> String? {
        LocalStorage.mountType(of: device, at: folder, in: Self.mounts)
    }

    @Test func theMountIsFoundByItsDevice() {
        #expect(type("0:37", "/var") == "fuse.sshfs")
        #expect(type("8:1", "/srv/x") == "ext4")
    }

    @Test func elseByItsFolder() {
        #expect(type("9:9", "/var/lib/x") == "ext4")
        #expect(type("9:9", "/srv/x") == "nfs4")
        #expect(type("9:9", "/srv/local") == "btrfs")
        #expect(type("9:9", "/srv/locals") == "nfs4")
        #expect(LocalStorage.mountType(of: "9:9", at: "/x", in: "") == nil)
    }

    @Test func thisFolderIsFine() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        try LocalStorage.demand(scratch.path)
        _ = try JournalStore(directory: scratch.path)
    }
}
