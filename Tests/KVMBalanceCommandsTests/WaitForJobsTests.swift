import Foundation
import Testing

/// `--wait-for-jobs` by the built binary on a simulated fleet.
struct WaitForJobsTests {
    /// A guest of host1 with a backup that never ends.
    private func backUp(_ play: Playground) throws -> String {
        let name = try #require(
            try play.placement().filter { $0.value == "host1" }.keys.sorted().first)
        try play.editDomain(name) { domain in
            var domain = domain
            var facts = domain["facts"] as? [String: Any] ?? [:]
            facts["blockers"] = [
                [
                    "domain": name, "reason": "block-job",
                    "detail": "disk vda: a backup is 5 % done",
                    "remedy": "wait for it",
                    "job": ["kind": "backup", "since": "2026-11-21T22:00:00Z"],
                ] as [String: Any]
            ]
            domain["facts"] = facts
            return domain
        }
        return name
    }

    @Test func ctrlCEndsTheWaitingWithNothingDone() throws {
        let play = try Playground()
        let before = try play.placement()
        let name = try backUp(play)
        let program = try play.start("drain", "host1", "--yes", "--wait-for-jobs", "10m")
        try program.says(
            "\(name): a backup has been running since 2026-11-21T22:00:00Z, waiting up to 10 min")
        // The fleet is held meanwhile, and the refusal says by what.
        let other = try play.must(75, "drain", "host2", "--yes")
        #expect(other.errors.contains("it has begun no run yet"), "\(other.text)")
        program.send(SIGINT)
        let ending = try program.wait()
        #expect(ending.status == 1 && ending.isCivil, "\(ending.text)")
        #expect(
            ending.errors.contains(
                "stopped by Ctrl-C while jobs were waited for: nothing was done"), "\(ending.text)")
        #expect(try play.maintenance().isEmpty && play.placement() == before)
    }

    @Test func afterTheTimeTheBlockerIsShownWithItsKind() throws {
        let play = try Playground()
        let name = try backUp(play)
        let late = try play.must(3, "move", name, "--yes", "--wait-for-jobs", "1s")
        #expect(late.errors.contains("and the 1.0 s to wait are over"), "\(late.text)")
        #expect(late.output.contains("[block-job]"), "\(late.text)")
        let plan = try play.must(3, "plan", "drain", "host1", "--output", "json").object()
        let blockers = try #require(plan["blockers"] as? [[String: Any]])
        #expect((blockers.first?["job"] as? [String: Any])?["kind"] as? String == "backup")
    }

    @Test func whatCannotBeMeantIsRefused() throws {
        let play = try Playground(hosts: 2, domains: 2, isSampled: false)
        for (words, said) in [
            (["drain", "host1", "--wait-for-jobs", "soon"], "'soon' is not a time such as 30m"),
            (["drain", "host1", "--wait-for-jobs", "0s"], "'0s' is not a time such as 30m"),
            (
                ["return", "host1", "--dry-run", "--wait-for-jobs", "5m"],
                "--dry-run waits for nothing"
            ),
            (["reboot", "--dry-run", "--wait-for-jobs", "5m"], "--dry-run waits for nothing"),
            (["balance", "--timer", "--wait-for-jobs", "5m"], "leave out --wait-for-jobs"),
        ] as [([String], String)] {
            let refused = try play.must(64, words)
            #expect(refused.errors.contains(said), "\(refused.text)")
        }
    }
}
