import Foundation
import Testing

/// What a run answers for beyond its steps: guests that it asked to shut down, files on its
/// targets, hosts that it was to empty.
@Suite(.serialized, .needsLab, .timeLimit(.minutes(10)))
struct PromiseTests {
    @Test func aGuestThatGoesDownLateIsNotLeftDown() async throws {
        try await withLab("late", hosts: 2) { lab in
            try lab.guest("slow", on: "host1", "--off-after", "10", "--wait")
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
            try await Task.sleep(for: .seconds(14))
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
            #expect(drained.status == 1, "\(drained.text)")
            #expect(drained.output.contains("host1 is not empty: 'newcomer' runs there"))
            #expect(try lab.placement() == ["disk1": "host2", "newcomer": "host1"])
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
