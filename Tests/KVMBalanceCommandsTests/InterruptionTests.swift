import Foundation
import Testing

/// Ctrl-C, kill -9 and what puts things right afterwards.
struct InterruptionTests {
    @Test func ctrlCOnceLetsRunningOnesEnd() throws {
        let play = try Playground(hosts: 3, domains: 12, speed: 5)
        let drain = try play.start("drain", "host1", "--yes", "--output", "json")
        try drain.says("migrating")
        drain.send(SIGINT)
        let ending = try drain.wait()
        #expect(ending.status == 1 && ending.isCivil, "\(ending.text)")
        let report = try ending.object()
        #expect(report["state"] as? String == "failed")
        let steps = try #require(report["steps"] as? [[String: Any]])
        let states = steps.map { $0["state"] as? String ?? "" }
        #expect(states.contains("done") && states.contains("pending"))
        #expect(!states.contains("running"))
        #expect(try play.must(0, "runs", "show", "1").output.contains("runs resume 1"))
        // Going on is possible at once.
        try play.must(0, "runs", "resume", "1", "--yes")
        #expect(!(try play.placement().values.contains("host1")))
    }

    @Test func ctrlCTwiceAbortsThem() throws {
        let play = try Playground(hosts: 3, domains: 12, speed: 4)
        let before = try play.placement()
        let drain = try play.start("drain", "host1", "--yes")
        try drain.says("migrating")
        drain.send(SIGINT)
        try drain.says("again to abort")
        drain.send(SIGINT)
        let ending = try drain.wait()
        #expect(ending.status == 1 && ending.isCivil, "\(ending.text)")
        #expect(try play.placement() == before)
    }

    @Test func aSecondRunIsRefusedWhileOneRuns() throws {
        let play = try Playground(hosts: 3, domains: 9, speed: 1)
        let before = try play.placement()
        let drain = try play.start("drain", "host1", "--yes")
        try drain.says("migrating")
        let refused = try play.must(75, "drain", "host2", "--yes")
        #expect(refused.errors.contains("run 1"), "\(refused.text)")
        try play.must(64, "runs", "abort", "7")
        try play.must(0, "runs", "abort", "1")
        #expect(try drain.wait().status == 1)
        #expect(try play.placement() == before)
        try play.must(64, "runs", "abort", "1")
    }

    @Test(arguments: ["resume", "rollback"])
    func killedAndTakenUp(_ way: String) throws {
        let play = try Playground(hosts: 3, domains: 9, speed: 10)
        let before = try play.placement()
        let drain = try play.start("drain", "host1", "--yes")
        try drain.says("migrating")
        drain.send(SIGKILL)
        _ = try drain.wait()
        // It waits for a person: no later call finds it gone by itself, as one does that is refused
        // by 75.
        let refused = try play.must(5, "drain", "host2", "--yes")
        #expect(refused.errors.contains("run 1") && refused.errors.contains("resume 1"))
        #expect(try play.must(0, "runs", "show", "1").output.contains("drain host1: killed"))
        #expect(try play.must(0, "runs", "list").output.contains("killed"))
        let report = try play.must(0, "runs", "show", "1", "--output", "json").object()
        #expect(report["state"] as? String == "running" && report["killed"] as? Bool == true)
        try play.must(0, "runs", way, "1", "--yes")
        let after = try play.placement()
        if way == "resume" {
            #expect(after.count == before.count && !after.values.contains("host1"))
            #expect(try play.maintenance() == ["host1"])
            try play.must(0, "return", "host1", "--yes")
        } else {
            #expect(try play.maintenance().isEmpty)
        }
        #expect(try play.placement() == before)
        try play.must(0, "drain", "host2", "--yes")
    }

    @Test func aRollbackLeavesMaintenanceThatItsRunDidNotBegin() throws {
        let play = try Playground()
        try play.must(0, "hosts", "disable", "host1")
        try play.must(0, "drain", "host1", "--yes")
        try play.must(0, "runs", "rollback", "1", "--yes")
        #expect(try play.maintenance() == ["host1"])
    }
}
