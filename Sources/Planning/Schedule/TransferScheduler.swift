/// Chooses when each migration starts and with what bandwidth, so that the whole ends soonest.
///
/// Several rules of priority are played; then the best order is changed again and again, always by
/// putting forward something that ended late, and a change stays unless it makes the whole worse.
/// Few transfers are tried exhaustively. The same problem, effort and seed give the same schedule.
package enum TransferScheduler {
    /// The shortest schedule found; nil when some transfer could never start in any order tried.
    package static func schedule(
        _ problem: TransferProblem, effort: ScheduleEffort? = nil, seed: UInt64 = 0
    ) -> TransferSchedule? {
        let count = problem.transfers.count
        let effort = effort ?? .standard(transfers: count)
        let bound = ScheduleBound(problem)
        var scheduler = ListScheduler(problem, tails: bound.tails)
        var search = OrderSearch(
            count: count, bound: bound.milliseconds, seed: seed, trials: effort.trials)
        search.run(from: firstOrders(problem, bound, &scheduler)) { order in
            let outcome = scheduler.play(.list(order))
            return OrderSearch.Result(
                starts: outcome.starts, ends: outcome.ends, stuck: outcome.stuck)
        }
        var best: TransferSchedule?
        if let order = search.best, search.score.stuck == 0 {
            let outcome = scheduler.play(.list(order))
            best = TransferSchedule(
                starts: outcome.starts, ways: outcome.ways, makespanMilliseconds: outcome.makespan,
                boundMilliseconds: bound.milliseconds)
        }
        guard best?.isProven != true, count <= ExactSchedule.transfersAtMost,
            effort.branches > 0
        else { return best }
        var exact = ExactSchedule(
            problem, bound: bound, below: best?.makespanMilliseconds ?? Int64.max,
            branches: effort.branches)
        exact.run()
        if let found = exact.best {
            best = TransferSchedule(
                starts: found.starts, ways: found.ways, makespanMilliseconds: found.makespan,
                boundMilliseconds: bound.milliseconds)
        }
        if exact.isComplete, let makespan = best?.makespanMilliseconds {
            best?.boundMilliseconds = makespan
        }
        return best
    }

    /// What no schedule can undercut.
    package static func bound(_ problem: TransferProblem) -> Int64 {
        ScheduleBound(problem).milliseconds
    }

    /// Orders to begin with, by rules of priority.
    private static func firstOrders(
        _ problem: TransferProblem, _ bound: ScheduleBound, _ scheduler: inout ListScheduler
    ) -> [[Int]] {
        let all = Array(problem.transfers.indices)
        let dynamic = scheduler.play(.busiestChannel)
        let stuck = Set(dynamic.stuck)
        let byStart = all.sorted {
            let (a, b) = (stuck.contains($0), stuck.contains($1))
            return a != b
                ? b : (dynamic.starts[$0], $0) < (dynamic.starts[$1], $1)
        }
        var load = [Int64](repeating: 0, count: problem.channels.count)
        for transfer in problem.transfers {
            for claim in ScheduleBound.leastWork(transfer) { load[claim.index] += claim.amount }
        }
        let busiest = problem.transfers.map { transfer in
            transfer.ways.first?.channels.map {
                load[$0.index] / max(1, problem.channels[$0.index])
            }.max() ?? 0
        }
        let byLoad = all.sorted {
            (busiest[$1], bound.tails[$1], $0) < (busiest[$0], bound.tails[$0], $1)
        }
        let byTail = all.sorted {
            (bound.tails[$1], busiest[$1], $0) < (bound.tails[$0], busiest[$0], $1)
        }
        return [byStart, byLoad, byTail, all]
    }
}
