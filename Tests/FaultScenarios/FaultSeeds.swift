import ClusterModel
package import Execution
package import Simulation

/// Plays the scenarios of many seeds beside each other, and remembers the first that breaks a rule.
package struct FaultSeeds: Sendable {
    /// What was played.
    package struct Tally: Hashable, Sendable {
        package var seeds = 0
        package var records = 0
        package var crashes = 0
        /// How the plays ended, by the word of the outcome.
        package var outcomes: [String: Int] = [:]
        /// Rows of the recovery table that were met.
        package var rows: Set<String> = []
        /// In order of seed; of each chunk the first.
        package var broken: [UInt64] = []

        package init() {}

        mutating func add(_ other: Tally) {
            seeds += other.seeds
            records += other.records
            crashes += other.crashes
            rows.formUnion(other.rows)
            outcomes.merge(other.outcomes, uniquingKeysWith: +)
            broken = (broken + other.broken).sorted()
        }
    }

    /// Every so manyeth seed has its records coded and read again, which takes most of its time.
    package var codingEvery: UInt64 = 16
    package var workers = 2
    package var shortcut: VirtualRun.Shortcut?
    private let makeMachine: @Sendable (RunState, Bool) -> any RunDeciding

    package init(
        machine: @escaping @Sendable (RunState, Bool) -> any RunDeciding = {
            RunMachine(state: $0, recovering: $1)
        }
    ) {
        makeMachine = machine
    }

    /// Ends early when a rule is broken: what is found first is what is to be understood first.
    package func play(
        _ seeds: Range<UInt64>, progress: (@Sendable (Tally) -> Void)? = nil
    ) async -> Tally {
        await withTaskGroup(of: Tally.self) { group in
            let chunk: UInt64 = 200
            var next = seeds.lowerBound
            var tally = Tally()
            func add() {
                guard next < seeds.upperBound, tally.broken.isEmpty else { return }
                let range = next..<min(next + chunk, seeds.upperBound)
                next = range.upperBound
                group.addTask { playChunk(range) }
            }
            for _ in 0..<max(1, workers) { add() }
            for await part in group {
                tally.add(part)
                progress?(tally)
                add()
            }
            return tally
        }
    }

    private func playChunk(_ seeds: Range<UInt64>) -> Tally {
        var tally = Tally()
        for seed in seeds {
            let run = FaultScenario(seed: seed).play(
                checksCoding: seed % codingEvery == 0, shortcut: shortcut, machine: makeMachine)
            tally.seeds += 1
            tally.records += run.journal.count
            tally.crashes += run.crashes
            tally.rows.formUnion(run.rowsMet)
            tally.outcomes[run.state.outcome?.state.rawValue ?? "open", default: 0] += 1
            guard run.violations.isEmpty else {
                tally.broken = [seed]
                return tally
            }
        }
        return tally
    }
}
