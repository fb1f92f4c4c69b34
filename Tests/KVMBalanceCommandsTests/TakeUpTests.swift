import Foundation
import TestSupport
import Testing

/// `runs resume`, `rollback` and `abort`: shown first, asked, and of the run that was named.
struct TakeUpTests {
    /// Drained: nine domains, a third of them elsewhere now.
    private func drained() throws -> (Playground, before: [String: String]) {
        let play = try Playground()
        let before = try play.placement()
        try play.must(0, "drain", "host1", "--yes")
        return (play, before)
    }

    private func journal(_ play: Playground) throws -> String {
        try play.must(0, "runs", "list", "--output", "json").output
    }

    @Test func aRollbackIsShownAndAskedFor() throws {
        let (play, before) = try drained()
        let (world, runs) = (try play.read("fleet.json"), try journal(play))
        let refused = try play.must(1, "runs", "rollback", "1")
        #expect(refused.output.contains("Plan: rollback host1: 3 migrations"), "\(refused.text)")
        #expect(
            refused.errors.contains(
                "not confirmed (no terminal): nothing was changed; add --yes to run"))
        let shown = try play.must(0, "runs", "rollback", "1", "--dry-run", "--output", "json")
            .object()
        #expect(try play.read("fleet.json") == world && journal(play) == runs)
        #expect(try play.maintenance() == ["host1"])

        let document = try play.must(1, "runs", "rollback", "1", "--output", "json").object()
        #expect(document["kind"] as? String == "rollback")
        #expect(document["steps"] as? NSArray == shown["steps"] as? NSArray)
        try play.must(0, "runs", "rollback", "1", "--yes")
        #expect(try play.placement() == before)
    }

    /// What was agreed to is what is done.
    @Test func onATerminalTheAnswerDecides() throws {
        let (play, before) = try drained()
        let drained = try play.placement()
        for (answer, status) in [("n", 1), ("y", 0)] as [(String, Int32)] {
            let rollback = try TerminalProgram(
                ["runs", "rollback", "1", "--config", play.config])
            try rollback.says("Carry out 3 migrations? [y/N]")
            rollback.types(answer + "\n")
            #expect(rollback.wait() == status, "\(rollback.seen)")
            #expect(try play.placement() == (answer == "n" ? drained : before))
        }
    }

    @Test func whatWasUnderWayIsNamedBeforeItIsSettled() throws {
        let play = try Playground(hosts: 3, domains: 9, speed: 10)
        let before = try play.placement()
        let drain = try play.start("drain", "host1", "--yes")
        try drain.says("migrating")
        drain.send(SIGKILL)
        _ = try drain.wait()
        let runs = try journal(play)
        for way in ["resume", "rollback"] {
            let refused = try play.must(1, "runs", way, "1")
            #expect(refused.output.contains("it was killed before it ended"), "\(refused.text)")
            #expect(refused.output.contains("was on its way from host1 to "), "\(refused.text)")
            #expect(refused.errors.contains("add --yes"))
            #expect(try journal(play) == runs)
        }
        let ended = try play.must(0, "runs", "rollback", "1", "--yes")
        #expect(ended.output.contains("was on its way from host1 to "), "\(ended.text)")
        #expect(try play.placement() == before)
    }

    /// A drain that was killed, of another policy than the fleet file's.
    private func killedUnderAnotherPolicy() throws -> Playground {
        let play = try Playground(hosts: 3, domains: 9, speed: 10)
        try play.write("name: other\novercommit: {cpu: 9}\n", to: "other policy.yaml")
        let drain = try play.start(
            "drain", "host1", "--yes", "--policy", play.path("other policy.yaml"))
        try drain.says("migrating")
        drain.send(SIGKILL)
        _ = try drain.wait()
        return play
    }

    /// Commands that a message names, to be typed as they stand.
    private func commands(in text: String) -> [String] {
        text.split(separator: "\n").compactMap { line in
            line.firstRange(of: "kvmbalance runs").map { String(line[$0.lowerBound...]) }
        }
    }

    private func paste(_ command: String, _ play: Playground) throws -> Ending {
        try Program(
            [], in: play.folder,
            script: "kvmbalance() { '\(Program.path)' \"$@\"; }; \(command)"
        ).wait()
    }

    @Test(arguments: ["resume", "rollback", "abort"])
    func hintsWorkWhenPasted(_ way: String) throws {
        let play = try killedUnderAnotherPolicy()
        let refused = try play.must(5, "drain", "host2", "--yes")
        let shown = try play.must(0, "runs", "show", "1")
        for text in [refused.errors, shown.output] {
            let hint = try #require(commands(in: text).first { $0.contains("runs \(way) 1") })
            if way == "abort" {
                guard text == refused.errors else { continue }
                let ending = try paste(hint, play)
                #expect(ending.status == 1 && ending.output.contains("aborted"), "\(ending.text)")
            } else {
                let ending = try paste(hint + " --dry-run", play)
                #expect(ending.status == 0 && ending.isCivil, "\(hint): \(ending.text)")
            }
        }
        guard way != "abort" else { return }
        let ended = try play.must(0, "runs", way, "1", "--yes")
        guard way == "resume" else { return }
        let hint = "'kvmbalance hosts enable host1 --config \(play.config)'"
        #expect(ended.errors.contains(hint), "\(ended.text)")
    }

    @Test func anAbortNeedsNoPolicy() throws {
        let play = try killedUnderAnotherPolicy()
        try FileManager.default.removeItem(atPath: play.path("other policy.yaml"))
        let lost = try play.must(64, "runs", "resume", "1", "--yes")
        #expect(lost.errors.contains("other policy.yaml") && lost.errors.contains("--policy"))
        let ended = try play.must(1, "runs", "abort", "1")
        #expect(ended.output.contains("failed: aborted"), "\(ended.text)")
        try play.must(0, "drain", "host2", "--yes")
    }

    @Test func anAbortStopsTheRunThatItNames() throws {
        let play = try Playground(hosts: 4, domains: 12, speed: 1)
        let first = try play.start("drain", "host1", "--yes")
        try first.says("migrating")
        first.send(SIGTERM)
        _ = try first.wait()
        let second = try play.start("drain", "host2", "--yes")
        try second.says("migrating")
        second.send(SIGKILL)
        _ = try second.wait()

        let resumed = try play.start("runs", "resume", "1", "--yes")
        try resumed.says("migrating")
        let refused = try play.must(75, "runs", "abort", "2")
        #expect(
            refused.errors.contains("run 2 was not aborted")
                && refused.errors.contains("runs resume 1")
                && refused.errors.contains("kvmbalance runs abort 1"), "\(refused.text)")
        // It goes on: nobody told it to stop.
        usleep(1_000_000)
        #expect(!resumed.errorsSoFar.contains("SIGTERM"), "\(resumed.errorsSoFar)")
        resumed.send(SIGTERM)
        #expect(try resumed.wait().errors.contains("SIGTERM"))
        try play.must(1, "runs", "abort", "2")
    }

    @Test func whoHoldsTheFleetIsNamedWithTheWayToStopIt() throws {
        let play = try Playground(hosts: 3, domains: 9, speed: 2)
        let drain = try play.start("drain", "host1", "--yes")
        try drain.says("migrating")
        let refused = try play.must(75, "drain", "host2", "--yes")
        let hint = try #require(commands(in: refused.errors).first)
        #expect(hint.hasPrefix("kvmbalance runs abort 1"), "\(refused.text)")
        #expect(try paste(hint, play).status == 0)
        #expect(try drain.wait().status == 1)
    }
}
