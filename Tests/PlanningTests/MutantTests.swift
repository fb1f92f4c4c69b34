import ClusterModel
import PlacementPolicy
import PlanChecking
import Planning
import TestSupport
import Testing

/// Plans that are good, broken at random: does the judge notice?
@Suite struct MutantTests {
    private struct Tally {
        var caught = 0
        var harmless = 0
    }

    /// Waits left out of plans for random changes of place. A mutant that the judge lets pass must
    /// do no harm in any of many random interleavings.
    @Test func `a wait that is left out is noticed, or was not needed`() {
        var tally = Tally()
        for seed in UInt64(1)...200 {
            let snapshot = RandomCluster.small(seed: seed &+ 900).snapshot
            var random = SeededGenerator(seed: seed)
            let moves = snapshot.domains.map { domain in
                Move(
                    domain: domain.id, source: domain.host,
                    target: snapshot.hosts[random.int(0...snapshot.hosts.count - 1)].name)
            }
            let plan = Planner.plan(
                .moves(moves, bestEffort: true), from: snapshot, under: .default, seed: seed)
            for index in plan.steps.indices {
                for wait in plan.steps[index].after {
                    var mutant = plan
                    mutant.steps[index].after.removeAll { $0 == wait }
                    look(at: mutant, snapshot, &tally, seed)
                }
            }
        }
        #expect(tally.caught > 30, "\(tally)")
        #expect(tally.harmless * 4 < tally.caught, "\(tally): the planner waits without need")
    }

    private func look(
        at mutant: MigrationPlan, _ snapshot: ClusterSnapshot, _ tally: inout Tally, _ seed: UInt64
    ) {
        guard PlanChecker.check(mutant, on: snapshot, under: .default).isEmpty else {
            tally.caught += 1
            return
        }
        tally.harmless += 1
        for run in UInt64(1)...5 {
            var execution = RandomExecution(mutant, seed: run)
            execution.run { places in
                #expect(
                    PlannerPropertyTests.overfull(places, snapshot, .default) == [], "seed \(seed)")
            }
        }
    }

    @Test func `a target that is changed at random is noticed or fits`() {
        var caught = 0
        for seed in UInt64(1)...100 {
            let snapshot = RandomCluster.small(seed: seed &+ 300).snapshot
            var plan = Planner.plan(
                .drain(["host1"], bestEffort: true), from: snapshot, under: .default, seed: seed)
            guard plan.outcome == .plan else { continue }
            var random = SeededGenerator(seed: seed)
            let index = random.int(0...plan.steps.count - 1)
            plan.steps[index].move.target = "host1"
            #expect(!PlanChecker.check(plan, on: snapshot, under: .default).isEmpty)
            caught += 1
        }
        #expect(caught > 20)
    }
}
