import Foundation
import Testing

/// Guests that take their disks along, or move without running.
@Suite(.serialized, .needsLab, .timeLimit(.minutes(10)))
struct WayTests {
    /// A guest on its host's own storage, with a pattern in its disk that nobody writes over.
    static func guest(_ lab: Lab, _ name: String, start: Bool, _ options: String...) throws
        -> String
    {
        let words =
            [Lab.program, "guest", lab.name, name, "--host", "host1", "--storage", "local"]
            + options + ["--no-start"]
        let made = try shell(words)
        guard made.status == 0 else { throw LabError("guest \(name): \(made.text)") }
        let list = try lab.virsh("host1", "domblklist", name).output
        let path = try #require(list.split(separator: " ").last.map(String.init))
            .trimmingCharacters(in: .whitespacesAndNewlines)
        let written = try Self.disk(lab, "host1", path, "write -P 0xa7 8M 1M")
        guard written.status == 0 else { throw LabError("pattern: \(written.text)") }
        if start {
            try lab.lab("expect", name, "running")
            _ = try lab.virsh("host1", "start", name)
            for _ in 0..<90 where try lab.lab("ticks", name).output.isEmpty { sleep(1) }
        }
        return path
    }

    static func disk(
        _ lab: Lab, _ host: String, _ path: String, _ command: String, isOpen: Bool = false
    ) throws -> ShellResult {
        // A running guest holds the lock.
        let options = isOpen ? ["-r", "-U"] : []
        return try shell(
            [Lab.program, "run", lab.name, host, "--", "qemu-io"] + options + ["-c", command, path])
    }

    static func exists(_ lab: Lab, _ host: String, _ path: String) throws -> Bool {
        try shell(Lab.program, "run", lab.name, host, "--", "test", "-e", path).status == 0
    }

    @Test func localDisksGoAlongWhileTheGuestRuns() async throws {
        try await withLab("ways-live", hosts: 2) { lab in
            let path = try Self.guest(lab, "disk1", start: true, "--dirty", "2")
            let refused = try lab.kvmbalance("drain", "host1", "--yes")
            #expect(refused.status == 3 && refused.output.contains("--copy-storage-all"))
            #expect(refused.output.contains("local-storage"), "\(refused.text)")

            // Something lies in the way: libvirt would write over it.
            _ = try shell(Lab.program, "run", lab.name, "host2", "--", "touch", path)
            let blocked = try lab.kvmbalance("drain", "host1", "--yes", "--copy-storage-all")
            #expect(blocked.status != 0, "\(blocked.text)")
            #expect((blocked.output + blocked.errors).contains("already exists here"))
            #expect(try lab.placement() == ["disk1": "host1"])
            #expect(try Self.exists(lab, "host2", path), "a file that is not ours was removed")
            _ = try shell(Lab.program, "run", lab.name, "host2", "--", "rm", path)

            let moved = try lab.kvmbalance("drain", "host1", "--yes", "--copy-storage-all")
            #expect(moved.status == 0, "\(moved.text)")
            #expect(try lab.placement() == ["disk1": "host2"])
            #expect(try !Self.exists(lab, "host1", path), "the old image is still there")
            let read = try Self.disk(
                lab, "host2", path, "read -P 0xa7 8M 1M", isOpen: true)
            #expect(read.status == 0 && !read.text.contains("verification failed"), "\(read.text)")
            try lab.expectAllWell()
            let back = try lab.kvmbalance("return", "host1", "--yes", "--copy-storage-all")
            #expect(back.status == 0, "\(back.text)")
            #expect(try lab.placement() == ["disk1": "host1"])
            try lab.expectAllWell()
        }
    }

    @Test func networksAreFoundUnderTheirNamesThere() async throws {
        try await withLab("ways-names", hosts: 2) { lab in
            for words in [
                ["ip", "link", "add", "vmbr0", "type", "bridge"],
                ["ip", "link", "set", "vmbr0", "up"],
            ] {
                let made = try shell([Lab.program, "run", lab.name, "host2", "--"] + words)
                #expect(made.status == 0, "\(made.text)")
            }
            try lab.lab("network", "host2", "othernet")
            try lab.guest("plugged", on: "host1", "--network", "bridge:br0")
            try lab.guest("net", on: "host1", "--network", "labnet")
            try lab.guest("off", on: "host1", "--network", "bridge:br0", "--no-start")
            let policy = lab.file("names.yaml")
            try """
            name: names
            overcommit: {cpu: 8} # guests that boot take all that there is
            migration: {offline: [off]}
            interfaces: [{name: br0, hosts: {host2: vmbr0}}, {name: labnet, hosts: {host2: othernet}}]
            """.write(toFile: policy, atomically: true, encoding: .utf8)

            let moved = try lab.kvmbalance("drain", "host1", "--yes", "--policy", policy)
            #expect(moved.status == 0, "\(moved.text)")
            #expect(moved.output.contains("br0 is vmbr0 there"), "\(moved.text)")
            try Self.expectSources(
                lab, "host2",
                ["plugged": "bridge='vmbr0'", "net": "network='othernet'", "off": "bridge='vmbr0'"])
            // As it came from there without the policy's word, its network cannot be told.
            let refused = try lab.kvmbalance("return", "host1", "--yes")
            #expect(refused.status == 3, "\(refused.text)")
            let back = try lab.kvmbalance("return", "host1", "--yes", "--policy", policy)
            #expect(back.status == 0, "\(back.text)")
            try Self.expectSources(
                lab, "host1",
                ["plugged": "bridge='br0'", "net": "network='labnet'", "off": "bridge='br0'"])
            try lab.expectAllWell()
        }
    }

    /// What each guest is plugged into on its host, now and at its next start.
    static func expectSources(
        _ lab: Lab, _ host: String, _ sources: [String: String]
    ) throws {
        for (guest, source) in sources {
            for options in ["--migratable", "--inactive"] {
                let xml = try lab.virsh(host, "dumpxml", guest, options).output
                let line = xml.split(separator: "\n").drop { !$0.contains("<interface ") }
                    .first { $0.contains("<source ") }
                #expect(line?.contains(source) == true, "\(guest) \(options): \(line ?? "nothing")")
            }
        }
    }

    @Test func whatIsNamedMovesCold() async throws {
        try await withLab("ways-cold", hosts: 2) { lab in
            let path = try Self.guest(lab, "cold1", start: true, "--autostart")
            let off = try Self.guest(lab, "off1", start: false)
            try lab.lab("expect", "cold1", "restarted")
            let moved = try lab.kvmbalance("drain", "host1", "--yes", "--offline")
            #expect(moved.status == 0, "\(moved.text)")
            #expect(try lab.placement() == ["cold1": "host2"])
            for (guest, image, isOpen) in [("cold1", path, true), ("off1", off, false)] {
                let read = try Self.disk(
                    lab, "host2", image, "read -P 0xa7 8M 1M", isOpen: isOpen)
                #expect(
                    read.status == 0 && !read.text.contains("verification failed"),
                    "\(guest): \(read.text)")
                #expect(try lab.virsh("host1", "dominfo", guest).status != 0)
            }
            #expect(try !Self.exists(lab, "host1", path))
            #expect(try Self.exists(lab, "host1", off), "it has not run on host2 yet")
            #expect(try lab.virsh("host2", "list", "--autostart").output.contains("cold1"))
            try await Self.expectAllWellSoon(lab, "moved cold")
            try await Self.killAndResume(lab)
        }
    }

    /// libvirt deletes the state of a TPM where its domain leaves, and a move that comes back would
    /// find none: whether it runs or not, such a domain does not move cold. Live it takes its state
    /// along.
    @Test func aDomainWithAnEmulatedTPMDoesNotMoveCold() async throws {
        try await withLab("ways-tpm", hosts: 2) { lab in
            for guest in ["up", "down"] { try lab.guest(guest, on: "host1", "--tpm", "--wait") }
            try lab.lab("expect", "down", "off")
            #expect(try lab.virsh("host1", "destroy", "down").status == 0)
            let down = try lab.virsh("host1", "domuuid", "down").output
            let up = try lab.virsh("host1", "domuuid", "up").output
            let made = try Self.timesMade(lab)
            let before = try #require(try Self.tpmState(lab, "host1", down))
            let refused = try lab.kvmbalance("drain", "host1", "--yes", "--offline")
            #expect(refused.status == 3, "\(refused.text)")
            for name in ["up", "down"] {
                #expect(
                    refused.text.contains("\(name): it has an emulated TPM"), "\(refused.text)")
            }
            #expect(try lab.placement() == ["up": "host1"])
            #expect(try Self.tpmState(lab, "host1", up) != nil)
            let moved = try lab.kvmbalance("drain", "host1", "--yes")
            #expect(moved.status == 0, "\(moved.text)")
            #expect(try lab.placement() == ["up": "host2"])
            #expect(try Self.tpmState(lab, "host2", up) != nil)
            #expect(try Self.tpmState(lab, "host1", down) == before)
            #expect(try Self.timesMade(lab) == made, "one of them was made again")
            try await Self.expectAllWellSoon(lab, "drain")
        }
    }

    /// How often each guest's TPM was made, as swtpm_setup tells: all hosts write into the same
    /// files.
    private static func timesMade(_ lab: Lab) throws -> [String] {
        try ["up", "down"].map { guest in
            let log = "/var/log/swtpm/libvirt/qemu/\(guest)-swtpm.log"
            return try shell(
                Lab.program, "run", lab.name, "host1", "--", "grep", "-c", "Starting vTPM", log
            ).output
        }
    }

    /// Checksum of the state of a domain's TPM on a host; nil where there is none.
    private static func tpmState(_ lab: Lab, _ host: String, _ uuid: String) throws -> String? {
        let uuid = uuid.trimmingCharacters(in: .whitespacesAndNewlines)
        let file = "/var/lib/libvirt/swtpm/\(uuid)/tpm2/tpm2-00.permall"
        let sum = try shell(Lab.program, "run", lab.name, host, "--", "sha256sum", file)
        return sum.status == 0 ? String(sum.output.prefix(64)) : nil
    }

    /// A guest that was restarted is silent until it has booted.
    static func expectAllWellSoon(_ lab: Lab, _ story: String) async throws {
        for _ in 0..<30 {
            try await Task.sleep(for: .seconds(2))
            let verdict = try shell(Lab.program, "verify", lab.name)
            guard verdict.text.contains("stand still") else { break }
        }
        try lab.expectAllWell(story)
    }

    /// `kill -9` of ours while the guest is down: it is up again afterwards, on one of the hosts.
    static func killAndResume(_ lab: Lab) async throws {
        try lab.lab("remove", "off1")
        _ = try lab.kvmbalance("hosts", "enable", "host1")
        for milliseconds in [2500, 4500] {
            let drain = try lab.start("drain", "host2", "--yes", "--offline")
            try await Task.sleep(for: .milliseconds(milliseconds))
            try CrashTests.killInside(lab, drain)
            _ = try drain.wait()
            let story = "killed after \(milliseconds) ms"
            if let run = try CrashTests.unfinishedRun(lab) {
                let ended = try lab.kvmbalance("runs", "rollback", run, "--yes")
                #expect(ended.status == 0, "\(story): \(ended.text)")
            }
            let placement = try lab.placement()
            #expect(placement.count == 1, "\(story): \(placement)")
            try await Self.expectAllWellSoon(lab, story)
            _ = try lab.kvmbalance("hosts", "enable", "host2")
        }
    }
}
