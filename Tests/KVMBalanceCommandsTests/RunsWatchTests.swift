import Foundation
import TestSupport
import Testing

/// A run that another process drives: followed, stopped, found dead.
struct RunsWatchTests {
    @Test func itIsFollowedToItsEnd() throws {
        let play = try Playground(hosts: 3, domains: 12, speed: 5)
        let drain = try play.start("drain", "host1", "--yes")
        try drain.says("migrating")
        let watch = try play.must(0, "runs", "watch", "1")
        #expect(watch.errors.contains("watching run 1, driven by process \(drain.identifier)"))
        #expect(watch.errors.contains("-> ") && watch.errors.contains("arrived"))
        #expect(watch.output.contains("Run 1: drain host1: done"), "\(watch.text)")
        #expect(watch.errors.contains("host1 stays in maintenance"))
        #expect(try drain.wait().status == 0)
        // Later it is shown as it ended, with the same exit code.
        let later = try play.must(0, "runs", "watch", "--output", "json").object()
        #expect(later["state"] as? String == "done")
    }

    @Test func aTerminalShowsItsBars() throws {
        let play = try Playground(hosts: 3, domains: 9, speed: 3)
        let drain = try play.start("drain", "host1", "--yes")
        try drain.says("migrating")
        let watch = try TerminalProgram(
            ["runs", "watch", "--config", play.config], environment: ["TERM": "xterm"])
        try watch.says("left at ")
        // Ctrl-C ends the watching and not the run.
        watch.types("\u{3}")
        #expect(watch.wait() == 128 + SIGINT)
        #expect(try drain.wait().status == 0)
    }

    @Test func oneThatIsKilledMeanwhileIsCalledSo() throws {
        let play = try Playground(hosts: 3, domains: 9, speed: 2)
        let drain = try play.start("drain", "host1", "--yes")
        try drain.says("migrating")
        let watch = try play.start("runs", "watch", "1")
        try watch.says("watching run 1")
        drain.send(SIGKILL)
        _ = try drain.wait()
        let ending = try watch.wait()
        #expect(ending.status == 5 && ending.isCivil, "\(ending.text)")
        #expect(ending.errors.contains("was killed"))
        #expect(ending.errors.contains("kvmbalance runs resume 1 --config \(play.config)"))
        let again = try play.must(5, "runs", "stop", "1")
        #expect(again.errors.contains("was killed"))
    }

    @Test func stoppingLetsRunningOnesEndHoweverOften() throws {
        let play = try Playground(hosts: 3, domains: 12, speed: 3)
        let drain = try play.start("drain", "host1", "--yes", "--output", "json")
        try drain.says("migrating")
        for _ in 1...3 { try play.must(0, "runs", "stop", "1") }
        let ending = try drain.wait()
        #expect(ending.status == 1, "\(ending.text)")
        let report = try ending.object()
        #expect((report["reason"] as? String)?.hasPrefix("stopped by 'runs stop'") == true)
        let steps = try #require(report["steps"] as? [[String: Any]])
        #expect(Set(steps.map { $0["state"] as? String ?? "" }) == ["done", "pending"])
        #expect(steps.allSatisfy { $0["error"] == nil }, "\(ending.text)")
        #expect(try play.must(1, "runs", "watch", "1").output.contains("runs resume 1"))
        try play.must(64, "runs", "stop", "1")
    }

    @Test func thereMayBeNothingToWatch() throws {
        let play = try Playground()
        try play.must(64, "runs", "watch")
        try play.must(64, "runs", "watch", "7")
    }
}
