import Foundation
import Testing

/// Another machine behind a host's name, and another controller on the same hosts.
@Suite(.needsLab, .timeLimit(.minutes(10)))
struct WhoIsThereTests {
    /// The guest runs on host2 and host1 has its paused copy. A machine that answers in host2's
    /// place, and does not know the guest, proves nothing.
    @Test func anotherMachineBehindAHostsNameProvesNothing() async throws {
        try await withLab("astray", hosts: 3) { lab in
            try lab.writeConfig(transport: "tcp")
            try lab.guest("web", on: "host1", "--storage", "none", "--wait")
            #expect(try lab.kvmbalance("hosts", "disable", "host3").status == 0)
            try await Self.killAtTheSwitchOver(lab)
            #expect(try lab.virsh("host1", "domstate", "web").output.contains("paused"))
            #expect(try lab.virsh("host2", "domstate", "web").output.contains("running"))
            try Self.lead("host2", to: "10.77.0.3", lab)
            let resume = try lab.start("runs", "resume", "1", "--yes")
            try await PromiseTests.says("leads to another machine", resume)
            try await Task.sleep(for: .seconds(6))
            #expect(try lab.virsh("host1", "domstate", "web").output.contains("paused"))
            try Self.lead("host2", to: "10.77.0.2", lab)
            let ended = try resume.wait()
            #expect(ended.status == 0, "\(ended.text)")
            #expect(try lab.placement() == ["web": "host2"])
            try lab.expectAllWell("\(ended.text)")
        }
    }

    /// A managed migration whose target does not answer Finish, while kvmbalance is killed.
    private static func killAtTheSwitchOver(_ lab: Lab) async throws {
        let drain = try lab.start("drain", "host1", "--yes", "--managed", "--bandwidth", "10")
        try await PromiseTests.says("migrating", drain)
        try await Task.sleep(for: .seconds(3))
        try signal("STOP", lab)
        var isPaused = false
        for _ in 0..<200 where !isPaused {
            isPaused = try lab.virsh("host1", "domstate", "web").output.contains("paused")
            if !isPaused { try await Task.sleep(for: .milliseconds(100)) }
        }
        try CrashTests.killInside(lab, drain)
        _ = try drain.wait()
        try await Task.sleep(for: .seconds(1))
        try signal("CONT", lab)
        try await Task.sleep(for: .seconds(4))
        guard isPaused else { throw LabError("the source was never paused") }
    }

    private static func signal(_ name: String, _ lab: Lab) throws {
        let done = try shell(
            Lab.program, "run", lab.name, "host2", "--", "bash", "-c",
            "kill -\(name) $(cat /run/libvirtd.pid)")
        guard done.status == 0 else { throw LabError("libvirtd of host2: \(done.text)") }
    }

    /// In place: the file is mounted over /etc/hosts.
    private static func lead(_ host: String, to address: String, _ lab: Lab) throws {
        let file = "/run/kvmbalance-lab/\(lab.name)/etc-hosts"
        let edit = "s/^[0-9.]* \(host)$/\(address) \(host)/"
        let done = try shell(
            "bash", "-c", "text=$(sed '\(edit)' \(file)) && cat <<<\"$text\" >\(file)")
        guard done.status == 0 else { throw LabError("\(file): \(done.text)") }
    }

    @Test func twoControllersShareNoHost() async throws {
        try await withLab("two", hosts: 4) { lab in
            try lab.guest("left", on: "host1")
            try lab.guest("right", on: "host3")
            try lab.lab("wait")
            for (first, second) in [("a", "b"), ("b", "a")] {
                let slow = try Self.drain(lab, "host1", by: first, "--bandwidth", "10")
                try await PromiseTests.says("migrating", slow)
                let refused = try Self.drain(lab, "host1", by: second).wait()
                #expect(refused.status == 75, "\(refused.text)")
                #expect(refused.errors.contains("kvmbalance on "), "\(refused.text)")
                #expect(refused.errors.contains("secret-undefine"), "\(refused.text)")
                let beside = try Self.drain(lab, "host3", by: second, to: ["host3", "host4"])
                let (one, two) = (try slow.wait(), try beside.wait())
                #expect(one.status == 0 && two.status == 0, "\(one.text)\n\(two.text)")
                for host in 1...4 {
                    let secrets = try lab.virsh("host\(host)", "secret-list").output
                    #expect(!secrets.contains("kvmbalance"), "host\(host): \(secrets)")
                }
                try await Self.bringBack(lab, first, second)
            }
            try lab.expectAllWell()
        }
    }

    private static func bringBack(_ lab: Lab, _ first: String, _ second: String) async throws {
        for (host, controller, hosts) in [
            ("host1", first, ["host1", "host2"]), ("host3", second, ["host3", "host4"]),
        ] {
            let back = try command(lab, ["return", host, "--yes"], controller, hosts).wait()
            #expect(back.status == 0, "\(back.text)")
        }
        #expect(try lab.placement() == ["left": "host1", "right": "host3"])
    }

    private static func drain(
        _ lab: Lab, _ host: String, by controller: String, to hosts: [String] = ["host1", "host2"],
        _ options: String...
    ) throws -> ShellCommand {
        try command(lab, ["drain", host, "--yes"] + options, controller, hosts)
    }

    /// With a fleet file of these hosts and the database of this controller.
    private static func command(
        _ lab: Lab, _ words: [String], _ controller: String, _ hosts: [String]
    ) throws -> ShellCommand {
        let lines = try String(contentsOfFile: lab.configFile, encoding: .utf8)
            .split(separator: "\n", omittingEmptySubsequences: false)
        var isKept = true
        let own = lines.filter { line in
            if line.hasPrefix("  - name: ") {
                isKept = hosts.contains(String(line.dropFirst(10)))
            } else if !line.hasPrefix("   ") {
                isKept = true
            }
            return isKept && !line.hasPrefix("database:")
        }
        let text = own.joined(separator: "\n") + "\ndatabase: \(lab.file("db-\(controller)"))\n"
        let file = lab.file("\(controller)-\(hosts.joined()).yaml")
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        return try ShellCommand(
            [Lab.program, "run", lab.name, "--", Lab.kvmbalance] + words + ["--config", file])
    }
}
