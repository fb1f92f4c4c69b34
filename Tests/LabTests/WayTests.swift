import Foundation
import Testing

/// Guests that take their disks along, or move without running.
@Suite(.needsLab, .timeLimit(.minutes(10)))
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
            try lab.lab("wait")
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

    /// Its kernel is on the one host only. It comes back with its TPM, which was never gone from
    /// there; and it moves where it can start, as one that is off does.
    @Test func aTPMComesBackWithItsGuest() async throws {
        try await withLab("ways-tpm", hosts: 2) { lab in
            for guest in ["up", "down"] { try lab.guest(guest, on: "host1", "--tpm", "--no-start") }
            try Self.bootHereAlone(lab, "up")
            for guest in ["up", "down"] {
                try lab.lab("expect", guest, guest == "up" ? "restarted" : "off")
                let started = try lab.virsh("host1", "start", guest)
                #expect(started.status == 0, "\(started.text)")
            }
            for guest in ["up", "down"] {
                for _ in 0..<60 where try lab.lab("ticks", guest).output.isEmpty { sleep(1) }
            }
            #expect(try lab.virsh("host1", "destroy", "down").status == 0)
            let down = try lab.virsh("host1", "domuuid", "down").output
            let up = try lab.virsh("host1", "domuuid", "up").output
            let (made, before) = (try Self.timesMade(lab), try Self.tpmState(lab, "host1", down))
            #expect(before != nil)
            let watch = try Self.watchTPM(lab, up)
            let ending = try lab.kvmbalance("drain", "host1", "--yes", "--offline")
            #expect(ending.status == 1, "\(ending.text)")
            _ = try shell(Lab.program, "run", lab.name, "host1", "--", "touch", "/run/enough")
            let watched = try watch.wait()
            #expect(watched.output == "watched\n", "\(watched.text)")
            #expect(try lab.placement() == ["up": "host1"])
            #expect(try Self.tpmState(lab, "host2", up) == nil)
            // The one that was off has gone, with what it had.
            #expect(try lab.virsh("host1", "dominfo", "down").status != 0)
            #expect(try Self.tpmState(lab, "host1", down) == before)
            #expect(try Self.tpmState(lab, "host2", down) == before)
            #expect(try Self.timesMade(lab) == made, "one of them was made again")
            try Self.giveKernel(lab, "host2")
            let moved = try lab.kvmbalance("drain", "host1", "--yes", "--offline", "--managed")
            #expect(moved.status == 0, "\(moved.text)")
            #expect(try lab.placement() == ["up": "host2"])
            #expect(try Self.tpmState(lab, "host1", up) == nil, "the original is still there")
            #expect(try Self.timesMade(lab) == made, "one of them was made again")
            try await Self.expectAllWellSoon(lab, "drain")
        }
    }

    /// Says when the file is not there, until /run/enough is.
    private static func watchTPM(_ lab: Lab, _ uuid: String) throws -> ShellCommand {
        let look =
            "until [ -e /run/enough ]; do [ -s \(tpmFile(uuid)) ] || echo gone; sleep 0.1; done; "
            + "echo watched"
        return try ShellCommand(
            [Lab.program, "run", lab.name, "host1", "--", "bash", "-c", look])
    }

    private static func tpmFile(_ uuid: String) -> String {
        let uuid = uuid.trimmingCharacters(in: .whitespacesAndNewlines)
        return "/var/lib/libvirt/swtpm/\(uuid)/tpm2/tpm2-00.permall"
    }

    private static let kernel = "/var/lib/libvirt/boot/vmlinuz"

    private static func giveKernel(_ lab: Lab, _ host: String) throws {
        let copied = try shell(
            Lab.program, "run", lab.name, host, "--", "install", "-D", "-m", "644",
            "/var/cache/kvmbalance-lab/vmlinuz", Self.kernel)
        #expect(copied.status == 0, "\(copied.text)")
    }

    /// From a kernel that other hosts do not have.
    private static func bootHereAlone(_ lab: Lab, _ guest: String) throws {
        try giveKernel(lab, "host1")
        let edit =
            "virsh dumpxml --inactive --security-info \(guest) "
            + "| sed 's#/var/cache/kvmbalance-lab/vmlinuz#\(kernel)#' >/run/\(guest).xml "
            + "&& virsh define /run/\(guest).xml"
        let defined = try shell(Lab.program, "run", lab.name, "host1", "--", "bash", "-c", edit)
        #expect(defined.status == 0, "\(defined.text)")
    }

    /// In both forms of the XML: what was written into the file on the source is on the target, and
    /// nothing is left behind.
    @Test func variablesOfBothFormsMoveCold() async throws {
        try await withLab("ways-uefi", hosts: 2) { lab in
            var files: [String: String] = [:]
            for form in ["plain", "source"] {
                try lab.guest(form, on: "host1", "--uefi", form, "--storage", "none")
                try lab.lab("expect", form, "restarted")
                let xml = try lab.virsh("host1", "dumpxml", form).output
                let file = try #require(xml.firstMatch(of: /\/var[^<']*_VARS\.fd/)).output
                files[form] = String(file)
            }
            try lab.lab("wait")
            for form in ["plain", "source"] {
                let mark =
                    "printf marked | dd of=\(files[form] ?? "") bs=1 conv=notrunc seek=540000"
                let marked = try shell(
                    Lab.program, "run", lab.name, "host1", "--", "bash", "-c", mark)
                #expect(marked.status == 0, "\(marked.text)")
            }
            let moved = try lab.kvmbalance("drain", "host1", "--yes", "--offline")
            #expect(moved.status == 0, "\(moved.text)")
            #expect(try lab.placement() == ["plain": "host2", "source": "host2"])
            for (form, file) in files {
                let found = try shell(
                    Lab.program, "run", lab.name, "host2", "--", "grep", "-c", "marked", file)
                #expect(found.status == 0, "\(form): \(found.text)")
                #expect(try !Self.exists(lab, "host1", file), "\(form) is left on host1")
            }
            try await Self.expectAllWellSoon(lab, "drain")
            try await Self.movePastStaleVariables(lab)
        }
    }

    /// A live move leaves the file where it was. What is said of it works when it is pasted.
    private static func movePastStaleVariables(_ lab: Lab) async throws {
        _ = try lab.kvmbalance("hosts", "enable", "host1")
        let live = try lab.kvmbalance("drain", "host2", "--yes")
        #expect(live.status == 0, "\(live.text)")
        _ = try lab.kvmbalance("hosts", "enable", "host2")
        let refused = try lab.kvmbalance("drain", "host1", "--yes", "--offline")
        #expect(refused.status == 1, "\(refused.text)")
        let remedies = Set(
            refused.text.matches(of: /mv -- \/\S+ \/\S+\.old/).map { String($0.output) })
        #expect(remedies.count == 2, "\(refused.text)")
        for remedy in remedies {
            let done = try shell(
                Lab.program, "run", lab.name, "host2", "--", "bash", "-c", remedy)
            #expect(done.status == 0, "\(done.text)")
        }
        let moved = try lab.kvmbalance("drain", "host1", "--yes", "--offline")
        #expect(moved.status == 0, "\(moved.text)")
        #expect(try lab.placement() == ["plain": "host2", "source": "host2"])
        try await Self.expectAllWellSoon(lab, "past a stale file")
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
        let sum = try shell(Lab.program, "run", lab.name, host, "--", "sha256sum", tpmFile(uuid))
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
