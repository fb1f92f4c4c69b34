import Execution
import FaultScenarios
import Simulation
import Testing

/// Deliberate bugs: rules that do not catch them prove nothing.
struct MutantTests {
    /// The seeds that `SeedTests` plays with the real machine: first those that a bug has broken,
    /// which are the most telling.
    @Test(arguments: Mutant.Bug.allCases)
    func `a bug of the machine is caught`(bug: Mutant.Bug) async {
        let seeds = FaultSeeds { Mutant(bug, $0, $1) }
        for seed in SeedTests.brokeOnce {
            guard await seeds.play(seed..<seed + 1).broken.isEmpty else { return }
        }
        let tally = await seeds.play(SeedTests.seeds)
        #expect(
            !tally.broken.isEmpty, "\(tally.seeds) seeds and nobody noticed that it \(bug.rawValue)"
        )
    }

    @Test(arguments: VirtualRun.Shortcut.allCases)
    func `a bug of the interpreter is caught`(shortcut: VirtualRun.Shortcut) async {
        var seeds = FaultSeeds()
        seeds.shortcut = shortcut
        let tally = await seeds.play(SeedTests.seeds)
        #expect(!tally.broken.isEmpty, "\(tally.seeds) seeds and nobody noticed: \(shortcut)")
    }
}
