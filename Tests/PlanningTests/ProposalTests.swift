import ClusterModel
import PlacementPolicy
import Planning
import TestSupport
import Testing

/// What is measured after a plan was made changes its times, and is no reason to make it again.
@Suite struct ProposalTests {
    @Test func `timed again a plan is what the measured world gives`() {
        var changed = 0
        for seed in UInt64(1)...12 {
            var cluster = RandomCluster.medium(seed: seed)
            let world = cluster.snapshot
            for index in cluster.domains.indices {
                cluster.domains[index].dirtyRates = DirtyRates(
                    hotSet: .mebibytes(20), hotMilliseconds: 1000,
                    coldRate: .mebibytes(Int64(index % 7)))
            }
            let measured = cluster.snapshot
            let busiest = world.hosts.map(\.name).max {
                world.domains(on: $0).count < world.domains(on: $1).count
            }
            for request in [PlanRequest.drain([busiest ?? "host1"]), .balance(), .consolidate()] {
                let draft = Planner.proposal(request, from: world, under: .default, seed: seed)
                let whole = Planner.plan(request, from: measured, under: .default, seed: seed)
                #expect(draft.timed(by: measured) == whole, "seed \(seed), \(request)")
                if draft.plan != whole { changed += 1 }
            }
        }
        #expect(changed > 10)
    }
}
