import BenchmarkModels
import TestSupport

/// Schedules transfers the slow way, millisecond by millisecond, and makes small random problems.
struct TransferOracle {
    let problem: TransferProblem

    /// What is wrong with a schedule, by adding up what is in use at every moment.
    func faults(_ schedule: TransferSchedule) -> [String] {
        let transfers = problem.transfers
        let ends = transfers.indices.map {
            schedule.starts[$0] + transfers[$0].ways[schedule.ways[$0]].milliseconds
        }
        var faults: [String] = []
        if ends.max() ?? 0 != schedule.makespanMilliseconds { faults.append("wrong makespan") }
        for (index, transfer) in transfers.enumerated() {
            let first = transfer.after.map { ends[$0] }.max() ?? 0
            if schedule.starts[index] < max(transfer.earliestMilliseconds, first) {
                faults.append("\(index) starts too early")
            }
        }
        let placed = Array(transfers.indices)
        for moment in 0...(ends.max() ?? 0) {
            if !fits(placed, schedule.starts, schedule.ways, at: moment, withStores: true) {
                faults.append("too much is in use at \(moment)")
            }
        }
        return faults
    }

    /// The shortest makespan there is; nil when no order lets all start.
    func shortest() -> Int64? {
        let transfers = problem.transfers
        let longest = transfers.map { $0.ways.map(\.milliseconds).max() ?? 0 }.reduce(0, +)
        let last = longest + (transfers.map(\.earliestMilliseconds).max() ?? 0)
        let count = transfers.count
        return (0...last).first { makespan in
            var starts = [Int64](repeating: 0, count: count)
            var ways = [Int](repeating: 0, count: count)
            return place(0, &starts, &ways, by: makespan)
        }
    }

    private func place(
        _ index: Int, _ starts: inout [Int64], _ ways: inout [Int], by makespan: Int64
    ) -> Bool {
        let transfers = problem.transfers
        guard index < transfers.count else {
            let ends = ends(starts, ways)
            return transfers.indices.allSatisfy { one in
                transfers[one].after.allSatisfy { starts[one] >= ends[$0] }
                    && fits(
                        Array(transfers.indices), starts, ways, at: starts[one], withStores: true)
            }
        }
        for way in transfers[index].ways.indices {
            let last = makespan - transfers[index].ways[way].milliseconds
            guard last >= transfers[index].earliestMilliseconds else { continue }
            for start in transfers[index].earliestMilliseconds...last {
                starts[index] = start
                ways[index] = way
                let placed = Array(0...index)
                let isFine = placed.allSatisfy {
                    fits(placed, starts, ways, at: starts[$0], withStores: false)
                }
                if isFine, place(index + 1, &starts, &ways, by: makespan) { return true }
            }
        }
        return false
    }

    private func ends(_ starts: [Int64], _ ways: [Int]) -> [Int64] {
        problem.transfers.indices.map {
            starts[$0] + problem.transfers[$0].ways[ways[$0]].milliseconds
        }
    }

    private func fits(
        _ placed: [Int], _ starts: [Int64], _ ways: [Int], at moment: Int64, withStores: Bool
    ) -> Bool {
        var used = [Int64](repeating: 0, count: problem.channels.count)
        var stock = problem.stores
        for index in placed where starts[index] <= moment {
            let transfer = problem.transfers[index]
            let way = transfer.ways[ways[index]]
            for claim in transfer.takes { stock[claim.index] -= claim.amount }
            if moment < starts[index] + way.milliseconds {
                for claim in way.channels { used[claim.index] += claim.amount }
            } else {
                for claim in transfer.frees { stock[claim.index] += claim.amount }
            }
        }
        return zip(used, problem.channels).allSatisfy { $0 <= $1 }
            && (!withStores || stock.allSatisfy { $0 >= 0 })
    }

    /// Hosts with a link each way of two units, and room for this many; some transfers may go with
    /// half the bandwidth, some wait, some may not start at once.
    static func random(
        seed: UInt64, transfers count: Int, hosts: Int, longest: Int
    ) -> TransferOracle {
        var random = SeededGenerator(seed: seed)
        var problem = TransferProblem(
            transfers: [], channels: Array(repeating: 2, count: 2 * hosts) + [5],
            stores: (0..<hosts).map { _ in Int64(random.int(0...2)) })
        for index in 0..<count {
            let source = random.int(0...hosts - 1)
            let target = (source + random.int(1...hosts - 1)) % hosts
            let length = Int64(random.int(1...longest))
            let width = Int64(random.int(1...2))
            let claims = { (width: Int64) in
                [
                    TransferProblem.Claim(2 * source, width),
                    TransferProblem.Claim(2 * target + 1, width),
                    TransferProblem.Claim(2 * hosts, width),
                ]
            }
            var ways = [TransferProblem.Path(milliseconds: length, channels: claims(width))]
            if width == 2, random.oneIn(2) {
                let slower = 2 * length + Int64(random.int(-1...1))
                ways.append(TransferProblem.Path(milliseconds: slower, channels: claims(1)))
            }
            problem.transfers.append(
                TransferProblem.Transfer(
                    ways: ways, takes: random.oneIn(2) ? [.init(target, 1)] : [],
                    frees: random.oneIn(2) ? [.init(source, 1)] : [],
                    after: index > 0 && random.oneIn(4) ? [random.int(0...index - 1)] : [],
                    earliestMilliseconds: random.oneIn(4) ? Int64(random.int(1...3)) : 0))
        }
        return TransferOracle(problem: problem)
    }
}
