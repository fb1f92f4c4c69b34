/// Looks for a cheap placement for as long as it is given, feasible at every moment.
///
/// Workers go side by side for an epoch of a fixed number of proposals. Where bins hold many items,
/// each worker has a half of the bins for the epoch, and then both go on from the sum; otherwise
/// each goes its own way and the best counts. So the result depends on the seed and the number of
/// proposals alone, whatever the threads did.
package struct AssignmentSearch {
    /// How long to search.
    package enum Effort: Sendable {
        /// So many proposals in all.
        case proposals(Int)
        /// Until a clock that is none of the planner's business says 1; 0 is the start.
        case until(@Sendable () -> Double)
    }

    /// Runs jobs 0, 1, ... side by side and waits for all. The planner starts no threads.
    package typealias Parallel = (Int, @Sendable (Int) -> Void) -> Void

    /// Shares and temperatures; set by measurement over all sizes of problems.
    package struct Tuning: Sendable {
        package var swapShare: UInt64 = 128
        package var homeShare: UInt64 = 200
        package var ejectShare: UInt64 = 8
        package var hot = 1.0
        package var cold = 0.001
        /// Share of the time after which it is cooled faster.
        package var quench = 0.85
        /// Items for each bin from which the walks divide the bins; with fewer, what matters is how
        /// a few large items combine, and each walk needs all bins.
        package var itemsForSharing = 20
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
    }

    private let problem: AssignmentProblem
    private let arena = Arena()
    private let tables: AssignmentTables
    private let seed: UInt64
    private let workers: Int
    private let tuning: Tuning
    private let start: [Int]

    /// `start` is where everything is when the search begins, if that is not the origin; it must
    /// be feasible.
    package init(
        _ problem: AssignmentProblem, from start: [Int]? = nil, seed: UInt64, workers: Int = 2,
        tuning: Tuning = Tuning()
    ) {
        self.problem = problem
        self.start = start ?? problem.origin
        self.seed = seed
        self.workers = workers
        self.tuning = tuning
        tables = AssignmentTables(problem, in: arena)
    }

    package func run(_ effort: Effort, parallel: Parallel = Self.oneAfterAnother) -> Result {
        let workers = (0..<workers).map {
            AssignmentWorker(
                problem, tables, at: start, seed: seed &+ UInt64($0) &* 0x9e37_79b9,
                tuning: tuning)
        }
        let initialCost = workers[0].bestCost
        let weight = tuning.scale ?? workers[0].meanWeight
        let epoch = tuning.epoch ?? max(1 << 16, 8 * tables.items)
        let partition = BinPartition(tables)
        let isShared =
            workers.count == 2 && partition.isPossible && tables.bins > 3
            && tables.items >= tuning.itemsForSharing * tables.bins
        var random = SplitMix64(seed: seed &+ 17)
        var proposals = 0
        while true {
            let progress = progress(effort, proposals)
            if progress >= 1 || tables.items == 0 { break }
            let temperature = temperature(at: progress, weight)
            if isShared {
                let half = partition.half(&random, of: tables.bins)
                let turn = random.next()
                workers[0].confine(to: half, is: true, turn: turn)
                workers[1].confine(to: half, is: false, turn: turn)
            }
            parallel(workers.count) { workers[$0].anneal(epoch, temperature: temperature) }
            proposals += epoch * workers.count
            if isShared {
                workers[0].adopt(workers[1])
                workers[1].adopt(workers[0], entirely: true)
            }
        }
        let best = workers.min { $0.bestCost < $1.bestCost } ?? workers[0]
        return Result(
            bins: (0..<tables.items).map { Int(best.best[$0]) }, cost: best.bestCost,
            initialCost: initialCost, proposals: proposals)
    }

    /// Falls by the same share in the same time: to `cold` until the quench begins, and then to
    /// where single units of cost count.
    private func temperature(at progress: Double, _ weight: Double) -> Double {
        let hot = max(1, weight * tuning.hot)
        let cold = min(hot, max(1, weight * tuning.cold))
        let (from, to, share) =
            progress < tuning.quench
            ? (hot, cold, progress / tuning.quench)
            : (cold, 0.3, (progress - tuning.quench) / (1 - tuning.quench))
        return from * Logarithm.exponential(Logarithm.natural(to / from) * share)
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
}
