import TestSupport
import Testing

@testable import BenchmarkModels
@testable import Planning

@Suite struct SideBySideTests {
    @Test func `the same seed and proposals give the same placement in whatever order walks go`() {
        let problem = RandomAssignment.problem(seed: 7, items: 60, bins: 8)
        let search = { (seed: UInt64, parallel: SideBySideSearch.Parallel) in
            SideBySideSearch(problem, seed: seed).run(.proposals(300_000), parallel: parallel)
        }
        let once = search(1, SideBySideSearch.oneAfterAnother)
        let backwards = search(1) { count, job in for index in (0..<count).reversed() { job(index) }
        }
        #expect(once.bins == backwards.bins)
        #expect(once.cost == backwards.cost && once.proposals == backwards.proposals)
        #expect(once.cost < once.initialCost)
        #expect(problem.isFeasible(once.bins) && problem.cost(of: once.bins) == once.cost)
    }

    /// Two walks on halves of the bins: neither breaks what the other relies on.
    @Test func `walks side by side keep to what holds for both`() {
        var (divided, improved) = (0, 0)
        for seed in UInt64(1)...40 {
            let problem = RandomAssignment.problem(seed: seed, items: 40, bins: 16)
            let memory = Arena()
            let partition = BinPartition(AssignmentTables(problem, in: memory))
            divided += partition.isPossible ? 1 : 0
            let found = SideBySideSearch(problem, seed: seed).run(.proposals(300_000))
            #expect(problem.isFeasible(found.bins), "seed \(seed)")
            #expect(problem.cost(of: found.bins) == found.cost, "seed \(seed)")
            improved += found.cost < found.initialCost ? 1 : 0
            withExtendedLifetime(memory) {}
        }
        #expect(divided > 20 && improved > 30, "\(divided) could be divided, \(improved) improved")
    }
}
