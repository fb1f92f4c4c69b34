import ClusterModel
import Execution
import FaultScenarios
import Simulation
import Testing

/// What `runs resume` and `runs rollback` promise, over many crashes and faults.
struct RecoveryTests {
    /// Faults that only last a while are over before somebody takes the run up again.
    @Test func `a resumed run finishes once the world is well`() throws {
        var finished = 0
        var unlucky = 0
        for seed in UInt64(10_000)..<10_700 {
            let scenario = FaultScenario(seed: seed, images: false)
            var run = scenario.run()
            _ = run.run()
            run.interruptions = VirtualRun.Interruptions()
            run.quiesce()
            let end = run.run()
            let outcome = try #require(end, "seed \(seed)")
            #expect(run.violations.isEmpty, "seed \(seed)")
            guard run.isUnharmed else { continue }
            let left = run.world.host("host1")?.domains ?? []
            // What the plan was to leave behind from the start is named, and all else has left.
            let accepted = Set(scenario.plan.blockers.compactMap(\.domain))
            let isAsPlanned =
                outcome.reason?.hasPrefix("host1 is not empty") == true && !left.isEmpty
                && left.allSatisfy { accepted.contains($0.facts.name) }
            guard outcome.state == .done || isAsPlanned else {
                // The stand-in packs by rule of thumb: what has arrived may be in the way.
                if run.mayGiveUp(outcome) { continue }
                unlucky += 1
                let isUnlucky = outcome.reason?.contains("fits nowhere") == true
                #expect(isUnlucky, "seed \(seed): \(outcome)")
                continue
            }
            finished += 1
            #expect(left.isEmpty || !scenario.plan.blockers.isEmpty, "seed \(seed)")
        }
        #expect(finished > 200 && unlucky < 7, "\(finished) finished, \(unlucky) unlucky")
    }

    @Test func `a rollback brings everything back`() throws {
        var returned = 0
        for seed in UInt64(20_000)..<20_700 {
            let scenario = FaultScenario(seed: seed, images: false)
            var run = scenario.run()
            _ = run.run()
            run.interruptions = VirtualRun.Interruptions()
            run.quiesce()
            let end = run.run(to: .rollback)
            let outcome = try #require(end, "seed \(seed)")
            #expect(run.violations.isEmpty, "seed \(seed)")
            guard run.isUnharmed else { continue }
            guard outcome.state == .rolledBack else {
                #expect(run.mayGiveUp(outcome), "seed \(seed): \(outcome)")
                continue
            }
            returned += 1
            for host in scenario.world.hosts {
                let now = run.world.host(host.name)?.domains.map(\.id)
                #expect(now == host.domains.map(\.id), "seed \(seed), \(host.name)")
                for copy in host.domains {
                    let back = run.world.copy(of: copy.id, on: host.name)
                    #expect(back?.facts == copy.facts, "seed \(seed)")
                }
            }
        }
        #expect(returned > 200)
    }

    /// After every single record and effect of one drain in turn.
    @Test func `a crash at any instant is survived`() throws {
        let scenario = try FaultScenario.plain()
        for moment in 1..<400 {
            for goal in [RunGoal.forward, .rollback] {
                var run = scenario.run()
                run.interruptions.crashes = [moment]
                run.crashesEnd = true
                let end = run.run()
                guard end == nil else { return }
                run.interruptions = VirtualRun.Interruptions()
                let final = run.run(to: goal)
                let outcome = try #require(final)
                #expect(outcome.state == (goal == .forward ? .done : .rolledBack))
                #expect(run.violations.isEmpty, "moment \(moment)")
                let there = run.world.host("host1")?.domains.map(\.id) ?? []
                let before = scenario.world.host("host1")?.domains.map(\.id)
                #expect(there == (goal == .forward ? [] : before), "moment \(moment)")
            }
        }
        Issue.record("the drain has more than 400 moments")
    }

    @Test func `a run ends although its journal cannot be written`() throws {
        let scenario = try FaultScenario.plain()
        for record in 1..<60 {
            var run = scenario.run()
            run.interruptions.unwritable = [record]
            let first = run.run()
            let outcome = try #require(first)
            if outcome.state == .done { return }
            #expect(outcome.state == .halted)
            run.interruptions = VirtualRun.Interruptions()
            let second = run.run()
            #expect(second?.state == .done, "record \(record)")
            #expect(run.violations.isEmpty, "record \(record)")
        }
        Issue.record("the drain has more than 60 records")
    }
}

extension VirtualRun {
    /// Nothing happened that no executor could make undone.
    fileprivate var isUnharmed: Bool {
        world.fates.isEmpty && !world.hosts.contains { $0.isLost }
    }

    /// Two reasons are good: a guest that rewrites its memory faster than the link carries it, and
    /// a transient domain of which nothing proves where it ran.
    fileprivate func mayGiveUp(_ outcome: RunOutcome) -> Bool {
        switch outcome.state {
        case .failed:
            state.steps.contains { step in
                ["canceled by client", "stopped, because it"].contains { words in
                    step.error?.contains(words) == true
                }
            }
        case .halted: outcome.reason?.contains("transient") == true
        case .done, .rolledBack: false
        }
    }
}
