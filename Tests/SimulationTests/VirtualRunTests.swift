import ClusterModel
import Execution
import FaultScenarios
import Simulation
import Testing

/// Whole runs in virtual time, with everything going wrong that can.
struct VirtualRunTests {
    @Test(arguments: [true, false])
    func `a drain without faults empties its host`(images: Bool) throws {
        for seed in UInt64(0)..<200 {
            let scenario = FaultScenario(
                seed: seed, faults: false, crashes: false, wishes: false, images: images)
            guard scenario.plan.outcome == .plan, scenario.plan.blockers.isEmpty else { continue }
            var run = scenario.run()
            let end = run.run()
            let outcome = try #require(end)
            #expect(run.violations.isEmpty, "seed \(seed)")
            // A guest that rewrites its memory faster than the link is aborted, and stays.
            guard outcome.state == .done else { continue }
            let left = run.world.host("host1")?.domains ?? []
            // A domain that is off stays, unless it was named to move.
            #expect(images ? !left.contains(where: \.isActive) : left.isEmpty, "seed \(seed)")
        }
    }

    @Test func `a seed replays its run`() {
        for seed in UInt64(0)..<50 {
            var first = FaultScenario(seed: seed).run()
            var second = FaultScenario(seed: seed).run()
            first.isTold = true
            second.isTold = true
            _ = first.run()
            _ = second.run()
            #expect(first.story == second.story)
            #expect(first.world == second.world)
        }
    }
}
