import ClusterModel
package import Planning

/// The planner's search on several threads, and until a clock says stop: for problems of a size
/// that no fleet has.
///
/// Walks go side by side for an epoch of a fixed number of proposals. Where bins hold many items,
/// each walk has a half of the bins for the epoch, and then both go on from the sum; otherwise each
/// goes its own way and the best counts. So the result depends on the seed and the number of
/// proposals alone, whatever the threads did.
package struct SideBySideSearch {
    /// How long to search.
    package enum Effort: Sendable {
        /// So many proposals in all.
        case proposals(Int)
        /// Until a clock says 1; 0 is the start.
        case until(@Sendable () -> Double)
    }

    /// Runs jobs 0, 1, ... side by side and waits for all.
    package typealias Parallel = (Int, @Sendable (Int) -> Void) -> Void

    /// Items for each bin from which the walks divide the bins; with fewer, what matters is how a
    /// few large items combine, and each walk needs all bins. Set by measurement.
    static let itemsForSharing = 20

    private let problem: AssignmentProblem
    private let arena = Arena()
    private let tables: AssignmentTables
    private let seed: UInt64
    private let workers: Int
    private let tuning = AssignmentSearch.Tuning()

    package init(_ problem: AssignmentProblem, seed: UInt64, workers: Int = 2) {
        self.problem = problem
        self.seed = seed
        self.workers = workers
        tables = AssignmentTables(problem, in: arena)
    }

    package func run(
        _ effort: Effort, parallel: Parallel = Self.oneAfterAnother
    ) -> AssignmentSearch.Result {
        let workers = (0..<workers).map {
            AssignmentWorker(
                problem, tables, at: problem.origin, seed: seed &+ UInt64($0) &* 0x9e37_79b9,
                tuning: tuning)
        }
        let initialCost = workers[0].bestCost
        let weight = tuning.scale ?? workers[0].meanWeight
        let epoch = tuning.epochLength(items: tables.items)
        let partition = BinPartition(tables)
        let isShared =
            workers.count == 2 && partition.isPossible && tables.bins > 3
            && tables.items >= Self.itemsForSharing * tables.bins
        var random = SplitMix64(seed: seed &+ 17)
        var proposals = 0
        while true {
            let progress = progress(effort, proposals)
            if progress >= 1 || tables.items == 0 { break }
            let temperature = tuning.temperature(at: progress, weight)
            if isShared {
                let half = partition.half(&random, of: tables.bins)
                let turn = random.next()
                confine(workers[0], to: half, is: true, turn: turn)
                confine(workers[1], to: half, is: false, turn: turn)
            }
            parallel(workers.count) { workers[$0].anneal(epoch, temperature: temperature) }
            proposals += epoch * workers.count
            if isShared {
                adopt(workers[1], by: workers[0])
                adopt(workers[0], by: workers[1], entirely: true)
            }
        }
        let best = workers.min { $0.bestCost < $1.bestCost } ?? workers[0]
        return AssignmentSearch.Result(
            bins: best.bestPlacement, cost: best.bestCost, initialCost: initialCost,
            proposals: proposals)
    }

    /// Takes over what another walk did on its own bins since both were at the same placement.
    private func adopt(
        _ other: AssignmentWorker, by worker: AssignmentWorker, entirely: Bool = false
    ) {
        for item in 0..<tables.items {
            let place = Int(other.state.bin[item])
            if (entirely || other.isMine[place]) && Int(worker.state.bin[item]) != place {
                worker.accept(item, to: place)
            }
        }
        worker.noteBest()
    }

    /// Keeps to some of the bins, and to the groups whose locations are not left to the other walk.
    private func confine(
        _ worker: AssignmentWorker, to bins: [Bool], is mine: Bool, turn: UInt64
    ) {
        for bin in 0..<tables.bins { worker.isMine[bin] = bins[bin] == mine }
        worker.state.groups.setFloors(tables) { row in
            var random = SplitMix64(seed: turn &+ UInt64(row))
            return random.next() & 1 == (mine ? 0 : 1)
        }
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
