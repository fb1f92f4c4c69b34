import Foundation
import Testing

/// `reboot` of real hosts. All lab hosts are one kernel: each has its boot id in a file that lies
/// over the kernel's, and its "reboot" ends its daemons and QEMU and renews that
/// (Tests/Lab/lib/host.sh).
@Suite(.serialized, .needsLab, .timeLimit(.minutes(15)))
struct RebootLoopTests {
    static let hosts = ["host1", "host2", "host3"]

    static let guests = 8

    /// Its guests, and a script in place of `ssh {host} systemctl reboot` that counts.
    static func populate(_ lab: Lab) throws {
        for number in 0..<guests {
            try lab.guest("g\(number)", on: hosts[number % 3], "--memory", "80", "--dirty", "1")
        }
        try lab.lab("wait")
        let script = """
            #!/bin/sh
            echo "$1" >>'\(lab.file("reboots"))'
            seconds=2
            [ ! -e '\(lab.file("dead-"))'"$1" ] || seconds=never
            exec ssh -o BatchMode=yes "root@$1" \
                "setsid -f bash '\(Lab.program)' __inside host_reboot \(lab.name) $1 $seconds \
                >/dev/null 2>&1 </dev/null"
            """
        // Emulated guests are busy, and two hosts hold all of them in turn.
        try "name: lab\novercommit: {cpu: 8}\n".write(
            toFile: lab.file("policy.yaml"), atomically: true, encoding: .utf8)
        try script.write(toFile: lab.file("reboot.sh"), atomically: true, encoding: .utf8)
    }

    static func reboots(_ lab: Lab) -> [String] {
        let text = try? String(contentsOfFile: lab.file("reboots"), encoding: .utf8)
        return (text ?? "").split(separator: "\n").map(String.init)
    }

    static func bootIDs(_ lab: Lab) throws -> [String] {
        try hosts.map { host in
            try shell(
                Lab.program, "run", lab.name, host, "--", "cat",
                "/proc/sys/kernel/random/boot_id"
            ).output
        }
    }

    /// Killed at random moments and resumed; one host stays away until a person looks after it.
    @Test func killedAtRandomAndWithADeadHostItRebootsEachHostOnce() async throws {
        try await withLab("rb-loop", hosts: 3) { lab in
            try Self.populate(lab)
            let (start, boots) = (try lab.placement(), try Self.bootIDs(lab))
            try "".write(toFile: lab.file("dead-host2"), atomically: true, encoding: .utf8)
            let command = [
                "reboot", "--run", "sh \(lab.file("reboot.sh")) {host}", "--yes",
                "--reboot-timeout", "15s", "--return", "end", "--policy", lab.file("policy.yaml"),
            ]
            let story = try await Self.kill(lab, command)
            let halted = try Self.resume(lab)
            // What follows reboots host2 from outside.
            try #require(halted.status == 5, "\(story)\(halted.text)")
            #expect(
                halted.text.contains("host2 did not come back within 15.0 s"),
                "\(story)\(halted.text)")
            let running = try lab.placement()
            #expect(running.count == Self.guests && !running.values.contains("host2"), "\(running)")
            let refused = try lab.kvmbalance("balance", "--yes")
            #expect(refused.status == 5, "\(refused.text)")

            // A person repairs it.
            unlink(lab.file("dead-host2"))
            try lab.lab("reboot", "host2", "0")
            try lab.expectAllWell("\(story)\(halted.text)")
            let ended = try Self.resume(lab)
            #expect(ended.status == 0, "\(story)\(ended.text)")
            let told = Self.reboots(lab)
            #expect(Set(told) == Set(Self.hosts), "\(story)\(told)")
            let isAgain = (halted.text + ended.text).contains("its command is run once more")
            #expect(told.count == 3 || isAgain, "\(story)\(told)")
            #expect(zip(boots, try Self.bootIDs(lab)).allSatisfy { $0 != $1 })
            #expect(try lab.placement() == start, "\(story)\(ended.text)")
            let report = try lab.json("runs", "show", "1")
            #expect(report["line"] as? String == "3 of 3 hosts done", "\(report)")
            try lab.expectAllWell("\(story)\(ended.text)")
        }
    }

    private static func kill(_ lab: Lab, _ command: [String]) async throws -> String {
        var (words, story) = (command, "")
        for _ in 0..<Lab.rounds {
            let instant = Int.random(in: 1000...18_000)
            let driver = try ShellCommand(lab.words(words))
            try await hasBegun(lab)
            try await Task.sleep(for: .milliseconds(instant))
            try CrashTests.killInside(lab, driver)
            _ = try driver.wait()
            let line = try lab.json("runs", "show", "1")["line"] as? String
            story += "killed after \(instant) ms: \(line ?? "?"); "
            // Of a host that is down nobody can be asked: the whole oracle follows when it is back.
            if line?.contains("rebooting") == true || reboots(lab).contains("host2") {
                #expect(try lab.placement().count == guests, "\(story)")
            } else {
                try await untilArrived(lab)
                try lab.expectAllWell(story)
            }
            words = ["runs", "resume", "1", "--yes"]
        }
        return story
    }

    /// libvirt goes on with the migrations of whoever was killed: until one ends, its guest is
    /// paused on the target. Two copies that run are never waited for.
    private static func untilArrived(_ lab: Lab) async throws {
        for _ in 0..<30 {
            let verdict = try shell(Lab.program, "verify", lab.name).text
            guard verdict.contains("active on 2 hosts"), verdict.contains(":paused")
            else { return }
            try await Task.sleep(for: .seconds(2))
        }
    }

    /// Its plan takes some seconds, and before it there is nothing to kill.
    private static func hasBegun(_ lab: Lab) async throws {
        for _ in 0..<120 {
            if (try? lab.json("runs", "show", "1")) != nil { return }
            try await Task.sleep(for: .milliseconds(500))
        }
        throw LabError("the reboot never began")
    }

    /// To its end, or to the dead host. Where it was killed between the record and the command,
    /// only a person may have that started.
    private static func resume(_ lab: Lab) throws -> ShellResult {
        let ended = try lab.kvmbalance("runs", "resume", "1", "--yes")
        guard ended.text.contains("how it ended is unknown") else { return ended }
        return try lab.kvmbalance("runs", "resume", "1", "--yes", "--run-again")
    }
}
