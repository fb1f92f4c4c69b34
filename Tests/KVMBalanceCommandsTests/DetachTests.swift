import Foundation
import TestSupport
import Testing

/// `--detach`: the command ends when its run has begun, and the run goes on.
struct DetachTests {
    @Test func theRunGoesOnInTheBackground() throws {
        let play = try Playground(hosts: 3, domains: 9, speed: 5)
        let drain = try TerminalProgram(["drain", "host1", "--detach", "--config", play.config])
        try drain.says("Carry out")
        drain.types("y\n")
        #expect(drain.wait() == 0, "\(drain.seen)")
        let line = "run 1 goes on in the background: kvmbalance runs watch 1 --config"
        #expect(drain.seen.contains(line), "\(drain.seen)")
        #expect(try play.must(0, "runs", "list").output.contains("running"))
        drain.closeTerminal()
        try play.must(0, "runs", "watch", "1")
        #expect(!(try play.placement().values.contains("host1")))
    }

    @Test func programsGetItsNumber() throws {
        let play = try Playground()
        let drain = try play.must(0, "drain", "host1", "--yes", "--detach", "--output", "json")
        #expect(try drain.object()["run"] as? Int == 1, "\(drain.text)")
        try play.must(0, "runs", "watch", "1")
    }

    @Test func whereNoRunBeginsItEndsAsEver() throws {
        let play = try Playground()
        try play.must(1, "drain", "host1", "--detach")
        try play.must(64, "drain", "host1", "--dry-run", "--detach")
        try play.must(64, "balance", "--timer", "--yes", "--detach")
        try play.must(64, "drain", "nowhere", "--yes", "--detach")
        try play.must(0, "hosts", "disable", "host2", "host3")
        try play.must(3, "drain", "host1", "--yes", "--detach")
        #expect(try play.must(0, "runs", "list").output.contains("no runs"))
    }
}
