import Foundation
import TestSupport
import Testing

/// Ctrl-C as a terminal gives it, to every process of its foreground group, over qemu+ssh.
@Suite(.needsLab, .timeLimit(.minutes(5)))
struct TerminalTests {
    @Test func ctrlCOnceLetsEveryKindOfMigrationEnd() async throws {
        try await withLab("ctrlc", hosts: 2) { lab in
            try lab.guest("web", on: "host1", "--dirty", "2", "--wait")
            try Self.slowDown(lab)
            // Driven from here: it ends with the connections of kvmbalance.
            let managed = try Self.drain(lab, "host1", "--managed")
            try managed.says(" left", withinSeconds: 60)
            managed.types("\u{3}")
            try Self.expectArrival(managed, lab, on: "host2")
            // Peer-to-peer: watched to its end, so that its figures are known.
            let peer = try Self.drain(lab, "host2")
            try peer.says(" left", withinSeconds: 60)
            peer.types("\u{3}")
            try Self.expectArrival(peer, lab, on: "host1")
            #expect(peer.seen.contains("arrived, took"), "\(peer.seen)")
            // Twice: aborted, and the guest stays.
            let aborted = try Self.drain(lab, "host1", "--managed")
            try aborted.says(" left", withinSeconds: 60)
            aborted.types("\u{3}")
            try aborted.says("press Ctrl-C again to abort")
            aborted.types("\u{3}")
            #expect(aborted.wait() == 1, "\(aborted.seen)")
            #expect(try lab.placement() == ["web": "host1"], "\(aborted.seen)")
            try lab.expectAllWell("aborted")
        }
    }

    @Test func ctrlCOnceLetsAColdMigrationEnd() async throws {
        try await withLab("ctrlc-cold", hosts: 2) { lab in
            _ = try WayTests.guest(lab, "cold1", start: true, "--off-after", "4")
            try lab.lab("expect", "cold1", "restarted")
            try Self.slowDown(lab)
            let copying = try Self.drain(lab, "host1", "--offline")
            try copying.says(" left", withinSeconds: 60)
            copying.types("\u{3}")
            try Self.expectArrival(copying, lab, on: "host2")
            let closing = try Self.drain(lab, "host2", "--offline")
            try closing.says("asked to shut down", withinSeconds: 60)
            closing.types("\u{3}")
            try Self.expectArrival(closing, lab, on: "host1")
            try await WayTests.expectAllWellSoon(lab, "twice cold")
        }
    }

    @Test func aClosedTerminalLeavesTheRunToItself() async throws {
        try await withLab("hangup", hosts: 2) { lab in
            try lab.guest("web", on: "host1", "--dirty", "2", "--wait")
            try Self.slowDown(lab)
            let drain = try Self.drain(lab, "host1", "--managed")
            try drain.says(" left", withinSeconds: 60)
            drain.closeTerminal()
            let watch = try lab.kvmbalance("runs", "watch", "1")
            #expect(watch.status == 0 && watch.output.contains("done"), "\(watch.text)")
            #expect(try lab.placement() == ["web": "host2"])
            _ = drain.wait()
            try lab.expectAllWell("closed terminal")
        }
    }

    /// Some ten seconds for each migration.
    private static func slowDown(_ lab: Lab) throws {
        for host in ["host1", "host2"] { try lab.lab("link", host, "60") }
    }

    /// A terminal in the lab: `lab run` itself would die of its own terminal's Ctrl-C. While this
    /// runs, the outer terminal hands every key on as it is.
    private static let inner =
        "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"

    private static func drain(
        _ lab: Lab, _ host: String, _ options: String...
    ) throws -> TerminalProgram {
        for other in ["host1", "host2"] { _ = try lab.kvmbalance("hosts", "enable", other) }
        let enter = [Lab.program, "run", lab.name, "--", "python3", "-c", inner]
        let words = [Lab.kvmbalance, "drain", host, "--yes", "--config", lab.configFile]
        return try TerminalProgram(
            line: enter + words + options, environment: ["TERM": "xterm"])
    }

    /// Whether the run calls itself stopped or done when nothing was left to begin is its affair.
    private static func expectArrival(
        _ drain: TerminalProgram, _ lab: Lab, on host: String
    ) throws {
        let status = drain.wait()
        #expect(status == 0 || status == 1, "\(drain.seen)")
        #expect(drain.seen.contains("arrived"), "\(drain.seen)")
        for words in ["did not move", "End of file", "does not respond", "Broken pipe"] {
            #expect(!drain.seen.contains(words), "\(drain.seen)")
        }
        #expect(Set(try lab.placement().values) == [host], "\(drain.seen)")
    }
}
