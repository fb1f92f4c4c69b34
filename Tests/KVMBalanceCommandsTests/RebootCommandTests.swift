import Foundation
import Testing

/// `kvmbalance reboot` as an operator types it, on a simulated fleet.
@Suite(.serialized)
struct RebootCommandTests {
    /// A host's boot id is in a file here, which its reboot writes.
    private static func words(_ ground: Playground, run: String? = nil) -> [String] {
        let file = "\(ground.folder.path)/boot-of-{host}"
        return [
            "reboot", "--yes", "--boot-id", "cat \(file) 2>/dev/null || echo first of {host}",
            "--run", run ?? "date +%s.%N >\(file)",
        ]
    }

    @Test func threeHostsAreRebootedInTurn() throws {
        let ground = try Playground()
        let before = try ground.placement().keys.sorted()
        let shown = try ground.run(Self.words(ground) + ["--dry-run"])
        #expect(shown.status == 0 && shown.output.contains("Round 1:"), "\(shown.text)")
        #expect(shown.output.contains("  $ date +%s.%N >"), "\(shown.text)")
        #expect(try ground.maintenance() == [])
        let ended = try ground.run(Self.words(ground) + ["--output", "json"])
        #expect(ended.status == 0 && ended.isCivil, "\(ended.text)")
        let report = try ended.object()
        #expect(report["line"] as? String == "3 of 3 hosts done", "\(report)")
        #expect(report["kind"] as? String == "rolling-reboot")
        #expect(ended.errors.contains("host1 is rebooting since 0 s"), "\(ended.text)")
        #expect(try ground.placement().keys.sorted() == before)
        #expect(try ground.maintenance() == [])
        let list = try ground.must(0, "runs", "list").output
        #expect(list.contains("rolling-reboot") && list.contains("drain"), "\(list)")
        let text = try ground.must(0, "runs", "show", "1").output
        #expect(text.contains("To bring them back: kvmbalance return host1 host2 host3"), "\(text)")
        // The printed command does it.
        let back = try ground.must(0, "return", "host1", "host2", "host3", "--yes")
        #expect(back.output.contains("done") || back.output.contains("nothing"), "\(back.text)")
        #expect(try ground.run("runs", "rollback", "1", "--yes").status == 64)
        #expect(try ground.run("runs", "resume", "1", "--yes").status == 64)
    }

    @Test func killedWhileItWaitsItSaysSoAndGoesOn() throws {
        let ground = try Playground()
        let reboot = try ground.start(Self.words(ground, run: "true {host}"))
        try reboot.says("is rebooting since")
        let shown = try ground.must(0, "runs", "show", "1").output
        #expect(shown.contains("running") && shown.contains("0 of 3 hosts done, "), "\(shown)")
        let status = try ground.must(0, "status").output
        #expect(status.contains("Rolling reboot (run 1, running): 0 of 3 hosts done"), "\(status)")
        #expect(try ground.run("drain", "host1", "--yes").status == 75)
        reboot.send(SIGKILL)
        _ = try reboot.wait()
        #expect(try ground.must(0, "runs", "show", "1").output.contains("killed"))
        let refused = try ground.run("drain", "host1", "--yes")
        #expect(refused.status == 5 && refused.errors.contains("runs resume 1"), "\(refused.text)")
        for host in 1...3 { try ground.write("another", to: "boot-of-host\(host)") }
        // The one that was told is back; for the others 'true' reboots nothing.
        let again = try ground.start("runs", "resume", "1", "--yes")
        try again.says("1 of 3 hosts done, host")
        again.send(SIGINT)
        let stopped = try again.wait()
        #expect(
            stopped.status == 1 && stopped.output.contains("stopped by Ctrl-C"), "\(stopped.text)")
        let aborted = try ground.run("runs", "resume", "1", "--dry-run")
        #expect(aborted.output.contains("goes on: 1 of 3 hosts done"), "\(aborted.text)")
        // Nothing waits for it.
        try ground.must(0, "plan", "balance")
    }

    @Test func whatMakesNoSenseIsRefused() throws {
        let ground = try Playground()
        func refused(_ words: String..., saying text: String) throws {
            let ending = try ground.run(["reboot", "--yes"] + words)
            #expect(ending.status == 64 && ending.errors.contains(text), "\(ending.text)")
        }
        try refused("--run", "systemctl reboot", saying: "--run names no host")
        try refused("--boot-id", "cat x", saying: "--boot-id names no host")
        try refused("--between", "night", saying: "is not like 22:00-06:00")
        try refused("--reboot-timeout", "soon", saying: "is not a time such as 15m")
        try refused("host9", "--run", "x {host}", saying: "there is no host 'host9'")
        // Nothing tells whether such a host was rebooted.
        try refused("--run", "x {host}", saying: "add --boot-id 'ssh {host} cat")
        #expect(try ground.run("runs", "resume", "1", "--run-again").status != 0)
    }
}
