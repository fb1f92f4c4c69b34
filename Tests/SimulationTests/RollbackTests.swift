import ClusterModel
import Execution
import FaultScenarios
import Simulation
import Testing

/// Rollback is a plan: where going back the same way does not fit, another order is found, or it is
/// said what stays away and why.
struct RollbackTests {
    static let cases = 1000

    @Test func `seven of ten steps are undone although reverse order does not fit`() throws {
        var (played, complete, most, short) = (0, 0, 0, 0)
        var seed: UInt64 = 0
        while played < Self.cases {
            seed += 1
            try #require(seed < 20_000, "only \(played) cases in \(seed) seeds")
            guard let rollback = RollbackCase(seed: seed), var run = rollback.obstructed() else {
                continue
            }
            played += 1
            let displaced = run.state.displacements
            let possible = RollbackCase.mostUndone(displaced, run.world)
            let end = run.run(to: .rollback)
            let outcome = try #require(end, "seed \(seed)")
            #expect(run.violations.isEmpty, "seed \(seed): \(run.violations)")
            let away = displaced.filter { run.world.holders(of: $0.domain) != [$0.source] }
            if possible == displaced.count { most += 1 }
            guard away.isEmpty else {
                #expect(outcome.state == .failed, "seed \(seed): \(outcome)")
                for move in away {
                    let name = run.world.copy(of: move.domain, on: move.target)?.facts.name
                    let isNamed = outcome.reason?.contains("'\(name ?? "nobody")'") == true
                    #expect(isNamed, "seed \(seed): \(move) is away, and \(outcome)")
                }
                // Nothing is left away that could simply go back.
                for move in away {
                    #expect(!RollbackCase.fits([move], run.world), "seed \(seed): \(outcome)")
                }
                if displaced.count - away.count < possible { short += 1 }
                continue
            }
            #expect(outcome == RunOutcome(.rolledBack), "seed \(seed)")
            complete += 1
        }
        // All that can be undone by direct moves is undone, mostly: the search is no exhaustive
        // one.
        #expect(complete >= most && complete > 100 && complete < Self.cases)
        print(
            "rollback of \(Self.cases) cases: \(complete) undone in full, \(most) of them by "
                + "direct moves alone; \(short) undid less than the most that could be")
        #expect(short < Self.cases / 10)
    }
}
