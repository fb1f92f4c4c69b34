/// What no schedule can undercut: the load of each channel, and the longest chain of waits.
///
/// A channel that carries c at once can not carry work w in less than w/c; the work of transfers
/// that may not start before a time lies behind that time. Linear in transfers × claims, times the
/// number of different earliest times.
struct ScheduleBound {
    /// Earliest start of each transfer, by its own time and by what it waits for.
    let heads: [Int64]
    /// Shortest time from each transfer's start to the end of all that waits for it.
    let tails: [Int64]
    let milliseconds: Int64

    init(_ problem: TransferProblem) {
        let transfers = problem.transfers
        let shortest = transfers.map { $0.ways.map(\.milliseconds).min() ?? 0 }
        var heads = transfers.map(\.earliestMilliseconds)
        var tails = shortest
        let order = Self.inOrderOfWaits(transfers)
        for index in order {
            for wait in transfers[index].after {
                heads[index] = max(heads[index], heads[wait] + shortest[wait])
            }
        }
        for index in order.reversed() {
            for wait in transfers[index].after {
                tails[wait] = max(tails[wait], shortest[wait] + tails[index])
            }
        }
        self.heads = heads
        self.tails = tails
        let chain = transfers.indices.map { heads[$0] + tails[$0] }.max() ?? 0
        milliseconds = max(chain, Self.load(problem, heads: heads))
    }

    private static func load(_ problem: TransferProblem, heads: [Int64]) -> Int64 {
        var bound: Int64 = 0
        for head in Set(heads).sorted() {
            var work = [Int64](repeating: 0, count: problem.channels.count)
            for (index, transfer) in problem.transfers.enumerated() where heads[index] >= head {
                for claim in leastWork(transfer) { work[claim.index] += claim.amount }
            }
            for (channel, capacity) in problem.channels.enumerated() where work[channel] > 0 {
                bound = max(bound, head + (work[channel] + capacity - 1) / max(1, capacity))
            }
        }
        return bound
    }

    /// Least amount × time that a transfer costs each channel that it uses whichever way it goes.
    static func leastWork(_ transfer: TransferProblem.Transfer) -> [TransferProblem.Claim] {
        guard let first = transfer.ways.first else { return [] }
        return first.channels.compactMap { claim in
            var least = claim.amount * first.milliseconds
            for way in transfer.ways.dropFirst() {
                let amount = way.channels.reduce(0) {
                    $1.index == claim.index ? $0 + $1.amount : $0
                }
                least = min(least, amount * way.milliseconds)
            }
            return least > 0 ? TransferProblem.Claim(claim.index, least) : nil
        }
    }

    /// Every transfer behind those that it waits for; what waits in a circle is left out.
    private static func inOrderOfWaits(_ transfers: [TransferProblem.Transfer]) -> [Int] {
        var open = transfers.map(\.after.count)
        var followers: [[Int]] = transfers.map { _ in [] }
        for (index, transfer) in transfers.enumerated() {
            for wait in transfer.after { followers[wait].append(index) }
        }
        var order = transfers.indices.filter { open[$0] == 0 }
        var next = 0
        while next < order.count {
            for follower in followers[order[next]] {
                open[follower] -= 1
                if open[follower] == 0 { order.append(follower) }
            }
            next += 1
        }
        return order
    }
}
