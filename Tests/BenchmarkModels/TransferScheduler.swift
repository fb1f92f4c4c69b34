import Planning

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
        var list = ListScheduler(problem, tails: bound.tails)
        var insertion = InsertionScheduler(problem)
        var outcomes: [ListScheduler.Outcome] = []
        for order in firstOrders(problem, bound, &list) {
            outcomes.append(list.play(.list(order)))
            if outcomes.last?.reaches(bound) == true { break }
            outcomes.append(insertion.play(order))
            if outcomes.last?.reaches(bound) == true { break }
        }
        outcomes.sort { ($0.stuck.count, $0.makespan) < ($1.stuck.count, $1.makespan) }
        if let first = outcomes.first, !first.reaches(bound), effort.trials > 0 {
            var search = OrderSearch(
                rivals: rivals(problem), bound: bound.milliseconds, seed: seed,
                trials: effort.trials)
            search.run(from: outcomes.prefix(4).map { byStart($0) }) { order in
                let outcome = insertion.play(order)
                if (outcome.stuck.count, outcome.makespan)
                    < (outcomes[0].stuck.count, outcomes[0].makespan)
                {
                    outcomes[0] = outcome
                }
                return OrderSearch.Result(
                    starts: outcome.starts, ends: outcome.ends, stuck: outcome.stuck)
            }
        }
        var best: TransferSchedule?
        if let outcome = outcomes.first, outcome.stuck.isEmpty {
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

    /// What the channels' load alone does not let any schedule undercut.
    package static func channelBound(_ problem: TransferProblem) -> Int64 {
        ScheduleBound(problem).channelMilliseconds
    }

    /// Those that share a channel or a store with each transfer, where few do.
    private static func rivals(_ problem: TransferProblem) -> [[Int]] {
        var users: [Int: Set<Int>] = [:]
        for (index, transfer) in problem.transfers.enumerated() {
            for claim in transfer.ways.first?.channels ?? [] {
                users[claim.index, default: []].insert(index)
            }
            for claim in transfer.takes + transfer.frees {
                users[problem.channels.count + claim.index, default: []].insert(index)
            }
        }
        var rivals: [Set<Int>] = problem.transfers.map { Set($0.after) }
        for own in users.values where own.count <= 64 {
            for index in own { rivals[index].formUnion(own) }
        }
        return rivals.enumerated().map { $1.subtracting([$0]).sorted() }
    }

    /// Orders to begin with, by rules of priority.
    private static func firstOrders(
        _ problem: TransferProblem, _ bound: ScheduleBound, _ list: inout ListScheduler
    ) -> [[Int]] {
        let all = Array(problem.transfers.indices)
        let dynamic = list.play(.busiestChannel)
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
        return [byStart(dynamic), byLoad, byTail, all]
    }

    private static func byStart(_ outcome: ListScheduler.Outcome) -> [Int] {
        let stuck = Set(outcome.stuck)
        return outcome.starts.indices.sorted {
            let isStuck = (stuck.contains($0), stuck.contains($1))
            return isStuck.0 != isStuck.1
                ? isStuck.1 : (outcome.starts[$0], $0) < (outcome.starts[$1], $1)
        }
    }
}

extension ListScheduler.Outcome {
    fileprivate func reaches(_ bound: ScheduleBound) -> Bool {
        stuck.isEmpty && makespan <= bound.milliseconds
    }
}
