import Foundation
import Testing

/// Shared storage as most guides set it up: mounted on each host, with no pool and no declaration.
@Suite(.needsLab, .timeLimit(.minutes(10)))
struct UnpromptedStorageTests {
    /// The lab's export stays mounted where it is, and libvirt knows nothing of it.
    private static let forget = """
        set -e; s=/srv/kvmbalance/shared; k=/run/kvmbalance-mount; mkdir -p $k; mount --bind $s $k
        virsh -q -c qemu:///system 'pool-destroy shared; pool-undefine shared'
        mountpoint -q $s || mount --bind $k $s
        mountpoint -q $s
        """

    @Test func aMountWithoutAPoolIsProvenOnceAndThenDrained() async throws {
        try await withLab("fstab", hosts: 3) { lab in
            for host in ["host1", "host2", "host3"] {
                let forgotten = try shell(
                    Lab.program, "run", lab.name, host, "--", "sh", "-c", Self.forget)
                #expect(forgotten.status == 0, "\(forgotten.text)")
            }
            try lab.guest("web1", on: "host1", "--wait")
            let before = try lab.json("plan", "drain", "host1")
            let blocker = try #require((before["blockers"] as? [[String: Any]])?.first)
            #expect(blocker["reason"] as? String == "storage-unknown", "\(blocker)")
            #expect((blocker["remedy"] as? String)?.hasPrefix("kvmbalance hosts check") == true)

            let check = try lab.kvmbalance("hosts", "check")
            #expect(check.output.contains("folder /srv/kvmbalance/shared"), "\(check.text)")
            #expect(check.output.contains("the same storage"), "\(check.text)")
            let left = try shell(
                Lab.program, "run", lab.name, "host2", "--", "ls", "/srv/kvmbalance/shared")
            #expect(!left.output.contains("kvmbalance-probe"), "\(left.text)")
            let pools = try lab.virsh("host2", "pool-list", "--all", "--name")
            #expect(!pools.output.contains("kvmbalance-"), "\(pools.text)")

            let drain = try lab.kvmbalance("drain", "host1", "--yes")
            #expect(drain.status == 0, "\(drain.text)")
            #expect(try lab.guests(on: "host1") == [])
            try lab.expectAllWell()

            // Without the mount the way back is closed, and both say so.
            let gone = try shell(
                Lab.program, "run", lab.name, "host1", "--", "umount", "-l",
                "/srv/kvmbalance/shared")
            #expect(gone.status == 0, "\(gone.text)")
            let back = try lab.kvmbalance("return", "host1", "--yes")
            #expect(back.status != 0, "\(back.text)")
            #expect(back.text.contains("is its folder mounted there?"), "\(back.text)")
            _ = try lab.kvmbalance("hosts", "check")
            let plan = try lab.json("plan", "return", "host1")
            let closed = try #require((plan["blockers"] as? [[String: Any]])?.first, "\(plan)")
            #expect(closed["reason"] as? String == "local-storage", "\(closed)")
            try lab.expectAllWell()
        }
    }
}
