import Foundation
import Testing

/// What a run answers for beyond its steps: guests that it asked to shut down, files on its
/// targets, hosts that it was to empty.
@Suite(.needsLab, .timeLimit(.minutes(10)))
struct PromiseTests {
    @Test func aGuestThatGoesDownLateIsNotLeftDown() async throws {
        try await withLab("late", hosts: 2) { lab in
            try lab.guest("slow", on: "host1", "--off-after", "14", "--wait")
            try lab.lab("expect", "slow", "restarted")
            // Aborted while it shuts down, it goes down some seconds later.
            let drain = try lab.start("drain", "host1", "--yes", "--offline")
            try await Self.says("asked to shut down", drain)
            drain.send(SIGTERM)
            let aborted = try drain.wait()
            #expect(aborted.status == 1, "\(aborted.text)")
            #expect(aborted.errors.contains("shut down late"), "\(aborted.text)")
            #expect(try lab.placement() == ["slow": "host1"])
            _ = try lab.kvmbalance("hosts", "enable", "host1")
            try await WayTests.expectAllWellSoon(lab, "aborted")
            // Killed: it is off until somebody takes the run up.
            let killed = try lab.start("drain", "host1", "--yes", "--offline")
            try await Self.says("asked to shut down", killed)
            try CrashTests.killInside(lab, killed)
            _ = try killed.wait()
            try await Task.sleep(for: .seconds(18))
            #expect(try lab.placement().isEmpty)
            let run = try #require(try CrashTests.unfinishedRun(lab))
            let rolledBack = try lab.kvmbalance("runs", "rollback", run, "--yes")
            #expect(rolledBack.status == 0, "\(rolledBack.text)")
            #expect(try lab.placement() == ["slow": "host1"])
            try await WayTests.expectAllWellSoon(lab, "killed")
            // Not in time for its first attempt, it goes on at the second.
            let moved = try lab.kvmbalance(
                "drain", "host1", "--yes", "--offline", "--shutdown-timeout", "9")
            #expect(moved.status == 0, "\(moved.text)")
            #expect(try lab.placement() == ["slow": "host2"])
            try await WayTests.expectAllWellSoon(lab, "late")
        }
    }

    @Test func aStrangersFileAndANewcomerAreSeen() async throws {
        try await withLab("strangers", hosts: 2) { lab in
            let path = try WayTests.guest(lab, "disk1", start: true, "--off-after", "6")
            try lab.lab("expect", "disk1", "restarted")
            let drain = try lab.start("drain", "host1", "--yes", "--offline")
            try await Self.says("asked to shut down", drain)
            _ = try shell(Lab.program, "run", lab.name, "host2", "--", "touch", path)
            let refused = try drain.wait()
            #expect(refused.status == 1, "\(refused.text)")
            #expect(try WayTests.exists(lab, "host2", path), "a stranger's file was removed")
            #expect(try lab.placement() == ["disk1": "host1"])
            _ = try shell(Lab.program, "run", lab.name, "host2", "--", "rm", path)
            try await WayTests.expectAllWellSoon(lab, "a stranger's file")

            try lab.guest("newcomer", on: "host1", "--no-start")
            let slow = try lab.start("drain", "host1", "--yes", "--copy-storage-all")
            try await Self.says("migrating", slow)
            try lab.lab("expect", "newcomer", "running")
            #expect(try lab.virsh("host1", "start", "newcomer").status == 0)
            let drained = try slow.wait()
            #expect(drained.status == 0, "\(drained.text)")
            #expect(drained.errors.contains("host1 is not empty: 'newcomer' runs there"))
            #expect(try lab.placement() == ["disk1": "host2", "newcomer": "host2"])
            try await WayTests.expectAllWellSoon(lab, "a newcomer")

            // One that cannot leave is named.
            try lab.guest("pinned", on: "host2", "--no-start")
            try "name: pinned\npin: [pinned]\n".write(
                toFile: lab.file("pinned.yaml"), atomically: true, encoding: .utf8)
            _ = try lab.kvmbalance("hosts", "enable", "host1")
            let again = try lab.start(
                "drain", "host2", "--yes", "--copy-storage-all", "--policy",
                lab.file("pinned.yaml"))
            try await Self.says("migrating", again)
            try lab.lab("expect", "pinned", "running")
            #expect(try lab.virsh("host2", "start", "pinned").status == 0)
            let left = try again.wait()
            #expect(left.status == 1, "\(left.text)")
            #expect(left.output.contains("host2 is not empty: 'pinned' runs there"))
            #expect(try lab.guests(on: "host2") == ["pinned"])
        }
    }

    @Test func aDeadThirdHostKeepsNoGuestDown() async throws {
        try await withLab("third", hosts: 2) { lab in
            try lab.guest("cold1", on: "host1", "--wait")
            try lab.lab("expect", "cold1", "restarted")
            let fleet = try String(contentsOfFile: lab.configFile, encoding: .utf8)
                .replacingOccurrences(
                    of: "  - name: host1\n",
                    with: "  - name: dead\n    uri: qemu+tcp://127.0.0.1:1/system\n"
                        + "  - name: host1\n")
            try fleet.write(toFile: lab.configFile, atomically: true, encoding: .utf8)
            let drained = try lab.kvmbalance("drain", "host1", "--yes", "--offline")
            #expect(drained.status == 0, "\(drained.text)")
            #expect(drained.errors.contains("dead cannot say whether 'cold1'"), "\(drained.text)")
            #expect(try lab.placement() == ["cold1": "host2"])
            try await WayTests.expectAllWellSoon(lab, "a dead third host")
        }
    }

    @Test func whoeverResumesStartsAGuestThatNobodyWatched() async throws {
        try await withLab("unwatched", hosts: 2) { lab in
            try lab.guest("slow", on: "host1", "--off-after", "25", "--wait")
            try lab.lab("expect", "slow", "restarted")
            let drain = try lab.start("drain", "host1", "--yes", "--offline")
            try await Self.says("asked to shut down", drain)
            drain.send(SIGTERM)
            try await Self.says("SIGTERM", drain)
            drain.send(SIGTERM)
            let ended = try drain.wait()
            #expect(ended.status == 1, "\(ended.text)")
            #expect(ended.output.contains("'slow' was asked to shut down on host1"))
            try await Task.sleep(for: .seconds(32))
            #expect(try lab.placement().isEmpty)
            let refused = try lab.kvmbalance("drain", "host1", "--yes", "--offline")
            #expect(refused.status == 5, "\(refused.text)")
            #expect(refused.errors.contains("kvmbalance runs resume 1"), "\(refused.text)")
            let resumed = try lab.kvmbalance("runs", "resume", "1", "--yes")
            #expect(resumed.status == 0, "\(resumed.text)")
            #expect(try lab.placement() == ["slow": "host2"])
            try await WayTests.expectAllWellSoon(lab, "unwatched")
        }
    }

    /// Waits until a command says this on standard error.
    static func says(_ words: String, _ command: ShellCommand) async throws {
        for _ in 0..<600 {
            if command.errorsSoFar.contains(words) { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw LabError("'\(words)' was never said, but: \(command.errorsSoFar)")
    }
}
