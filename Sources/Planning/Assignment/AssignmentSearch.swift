/// Looks for a cheap placement for as long as it is given, feasible at every moment.
///
/// Workers go side by side for an epoch of a fixed number of proposals, then the search looks at
/// them: who is behind goes on from who is ahead. So the result depends on the seed and the number
/// of proposals alone, whatever the threads did.
package struct AssignmentSearch {
    /// How long to search.
    package enum Effort: Sendable {
        /// So many proposals in all.
        case proposals(Int)
        /// Until a clock that is none of the planner's business says 1; 0 is the start.
        case until(@Sendable () -> Double)
    }

    /// Runs jobs 0, 1, ... side by side and waits for all. The planner has no threads of its own.
    package typealias Parallel = (Int, @Sendable (Int) -> Void) -> Void

    /// Shares and temperatures; set by measurement over all sizes of problems.
    package struct Tuning: Sendable {
        package var swapShare: UInt64 = 128
        package var homeShare: UInt64 = 200
        package var ejectShare: UInt64 = 8
        package var hot = 1.0
        package var cold = 0.001
        package var adoptions = 20
        package init() {}
    }

    /// What a search found.
    package struct Result: Sendable {
        package var bins: [Int]
        package var cost: Int64
        package var initialCost: Int64
        package var proposals: Int
    }

    private let problem: AssignmentProblem
    private let memory = Memory()
    private let tables: AssignmentTables
    private let seed: UInt64
    private let workers: Int
    private let tuning: Tuning

    package init(
        _ problem: AssignmentProblem, seed: UInt64, workers: Int = 2, tuning: Tuning = Tuning()
    ) {
        self.problem = problem
        self.seed = seed
        self.workers = workers
        self.tuning = tuning
        tables = AssignmentTables(problem, in: memory)
    }

    package func run(
        _ effort: Effort, parallel: Parallel = Self.oneAfterAnother,
        trace: ((Double, Double, [Int64], Int64) -> Void)? = nil
    ) -> Result {
        let workers = (0..<workers).map {
            AssignmentWorker(
                problem, tables, seed: seed &+ UInt64($0) &* 0x9e37_79b9, tuning: tuning)
        }
        let initialCost = workers[0].bestCost
        let hot = max(1, workers[0].meanWeight * tuning.hot)
        let cooling = Logarithm.natural(max(1, workers[0].meanWeight * tuning.cold) / hot)
        let epoch = 1 << 16
        var proposals = 0
        var adopted = 0
        while true {
            let progress = progress(effort, proposals)
            if progress >= 1 { break }
            let temperature = hot * Logarithm.exponential(cooling * progress)
            if Int(progress * Double(tuning.adoptions)) > adopted {
                adopted = Int(progress * Double(tuning.adoptions))
                exchange(workers)
            }
            parallel(workers.count) { workers[$0].anneal(epoch, temperature: temperature) }
            proposals += epoch * workers.count
            trace?(
                progress, temperature, workers.map { $0.state.cost },
                workers.map(\.bestCost).min() ?? 0)
        }
        let best = workers.min { $0.bestCost < $1.bestCost } ?? workers[0]
        return Result(
            bins: (0..<tables.items).map { Int(best.best[$0]) }, cost: best.bestCost,
            initialCost: initialCost, proposals: proposals)
    }

    /// Jobs one after another, for whoever has no threads to give.
    package static func oneAfterAnother(_ count: Int, _ job: @Sendable (Int) -> Void) {
        for index in 0..<count { job(index) }
    }

    private func progress(_ effort: Effort, _ proposals: Int) -> Double {
        switch effort {
        case .proposals(let all): Double(proposals) / Double(max(1, all))
        case .until(let clock): clock()
        }
    }

    /// Who is behind goes on from who is ahead.
    private func exchange(_ workers: [AssignmentWorker]) {
        guard let ahead = workers.min(by: { $0.state.cost < $1.state.cost }) else { return }
        for worker in workers where worker.state.cost > ahead.state.cost { worker.adopt(ahead) }
    }
}
