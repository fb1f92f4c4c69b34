import Foundation
import TestSupport
import Testing

/// The operator's terminal is closed, as when an ssh session breaks; and what else a process is
/// given.
struct HangUpTests {
    @Test func aClosedTerminalLetsTheRunGoOn() throws {
        let play = try Playground(hosts: 3, domains: 12, speed: 6)
        let drain = try TerminalProgram(["drain", "host1", "--yes", "--config", play.config])
        try drain.says("migrating")
        drain.closeTerminal()
        // From another terminal it is followed to its end.
        let watch = try play.must(0, "runs", "watch")
        #expect(watch.output.contains("Run 1: drain host1: done"), "\(watch.text)")
        #expect(drain.wait() == 0)
        #expect(!(try play.placement().values.contains("host1")))
    }

    /// Kernel and shell may both tell it of the same terminal.
    @Test func noHangUpAbortsAnything() throws {
        let play = try Playground(hosts: 3, domains: 12, speed: 6)
        let drain = try play.start("drain", "host1", "--yes", "--output", "json")
        try drain.says("migrating")
        drain.send(SIGHUP)
        try drain.says("the terminal was closed; the run goes on: kvmbalance runs watch 1")
        drain.send(SIGHUP)
        let ending = try drain.wait()
        #expect(ending.status == 0, "\(ending.text)")
        let steps = try #require(try ending.object()["steps"] as? [[String: Any]])
        #expect(steps.allSatisfy { $0["state"] as? String == "done" })
        #expect(steps.allSatisfy { $0["error"] == nil }, "\(ending.text)")
    }

    @Test func underNohupItGoesOn() throws {
        let play = try Playground(hosts: 3, domains: 9, speed: 10)
        let drain = try play.start(
            by: #"trap '' HUP; exec "$0" "$@""#, "drain", "host1", "--yes")
        try drain.says("migrating")
        drain.send(SIGHUP)
        let ending = try drain.wait()
        #expect(ending.status == 0, "\(ending.text)")
    }

    @Test func aReaderThatGoesAwayEndsNothing() throws {
        let play = try Playground(hosts: 3, domains: 9, speed: 20)
        let drain = try play.start(
            by: #""$0" "$@" 2>&1 | head --lines 1; exit "${PIPESTATUS[0]}""#,
            "drain", "host1", "--yes")
        let ending = try drain.wait()
        #expect(ending.status == 0, "\(ending.text)")
        #expect(!(try play.placement().values.contains("host1")))
    }

    @Test func theCollectorEndsAsBySIGTERM() throws {
        let play = try Playground(isSampled: false)
        let collector = try play.start("collect", "--period", "1")
        // Until it has taken charge of the signal.
        for _ in 0..<1000 where !Self.minds(SIGHUP, collector.identifier) { usleep(10_000) }
        collector.send(SIGHUP)
        let ending = try collector.wait()
        #expect(ending.status == 0 && ending.errors.contains("collect"), "\(ending.text)")
    }

    private static func minds(_ signal: Int32, _ process: pid_t) -> Bool {
        let status = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
        return status.split(separator: "\n").contains { line in
            guard line.hasPrefix("SigIgn:") || line.hasPrefix("SigCgt:") else { return false }
            let mask = UInt64(line.dropFirst(7).trimmingCharacters(in: .whitespaces), radix: 16)
            return (mask ?? 0) & (1 << UInt64(signal - 1)) != 0
        }
    }

    @Test func theLimitOfDescriptorsIsRaised() throws {
        let play = try Playground(hosts: 3, domains: 9, speed: 5)
        let drain = try play.start(
            by: #"ulimit -Sn 256 && ulimit -Hn 4096 && exec "$0" "$@""#, "drain", "host1", "--yes")
        try drain.says("migrating")
        let limits = try String(
            contentsOfFile: "/proc/\(drain.identifier)/limits", encoding: .utf8)
        let files = try #require(
            limits.split(separator: "\n").first { $0.hasPrefix("Max open files") })
        #expect(files.split(separator: " ").suffix(3) == ["4096", "4096", "files"], "\(files)")
        drain.send(SIGTERM)
        _ = try drain.wait()
    }
}
