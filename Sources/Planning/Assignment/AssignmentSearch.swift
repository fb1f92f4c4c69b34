/// Looks for a cheap placement for as long as it is given, feasible at every moment: one walk, so
/// that the result depends on the seed and the number of proposals alone.
package struct AssignmentSearch {
    /// Shares and temperatures; set by measurement over all sizes of problems.
    package struct Tuning: Sendable {
        package var swapShare: UInt64 = 128
        package var homeShare: UInt64 = 200
        package var ejectShare: UInt64 = 8
        package var hot = 1.0
        package var cold = 0.001
        /// Share of the time after which it is cooled faster.
        package var quench = 0.85
        /// What temperatures are measured by; nil for what items weigh in the soft terms.
        package var scale: Double?
        /// Proposals at one temperature; nil for what suits minutes of searching.
        package var epoch: Int?
        package init() {}
    }

    /// What a search found.
    package struct Result: Sendable {
        package var bins: [Int]
        package var cost: Int64
        package var initialCost: Int64
        package var proposals: Int

        package init(bins: [Int], cost: Int64, initialCost: Int64, proposals: Int) {
            self.bins = bins
            self.cost = cost
            self.initialCost = initialCost
            self.proposals = proposals
        }
    }

    private let problem: AssignmentProblem
    private let arena = Arena()
    private let tables: AssignmentTables
    private let seed: UInt64
    private let tuning: Tuning
    private let start: [Int]

    /// `start` is where everything is when the search begins, if that is not the origin; it must
    /// be feasible.
    package init(
        _ problem: AssignmentProblem, from start: [Int]? = nil, seed: UInt64,
        tuning: Tuning = Tuning()
    ) {
        self.problem = problem
        self.start = start ?? problem.origin
        self.seed = seed
        self.tuning = tuning
        tables = AssignmentTables(problem, in: arena)
    }

    /// Makes this many proposals, rounded up to whole epochs.
    package func run(proposals: Int) -> Result {
        let worker = AssignmentWorker(problem, tables, at: start, seed: seed, tuning: tuning)
        let initialCost = worker.bestCost
        let weight = tuning.scale ?? worker.meanWeight
        let epoch = tuning.epochLength(items: tables.items)
        var made = 0
        while made < max(1, proposals), tables.items > 0 {
            let progress = Double(made) / Double(max(1, proposals))
            worker.anneal(epoch, temperature: tuning.temperature(at: progress, weight))
            made += epoch
        }
        return Result(
            bins: worker.bestPlacement, cost: worker.bestCost, initialCost: initialCost,
            proposals: made)
    }
}

extension AssignmentSearch.Tuning {
    /// Proposals at one temperature.
    package func epochLength(items: Int) -> Int { epoch ?? max(1 << 16, 8 * items) }

    /// Falls by the same share in the same time, from `progress` 0 to 1: to `cold` until the quench
    /// begins, and then to where single units of cost count. In units of cost, as `weight` is.
    package func temperature(at progress: Double, _ weight: Double) -> Double {
        let hot = max(1, weight * hot)
        let cold = min(hot, max(1, weight * cold))
        let (from, to, share) =
            progress < quench
            ? (hot, cold, progress / quench)
            : (cold, 0.3, (progress - quench) / (1 - quench))
        return from * Logarithm.exponential(Logarithm.natural(to / from) * share)
    }
}
