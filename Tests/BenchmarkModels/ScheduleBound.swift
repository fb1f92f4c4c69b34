import Planning

/// What no schedule can undercut: the load of each channel, and the longest chain of waits.
///
/// A channel that carries c at once cannot carry work w in less than w/c; the work of transfers
/// that may not start before a time lies behind that time. What takes from a store that has too
/// little cannot start before enough could have been given back. Linear in transfers × claims,
/// times the number of different earliest times.
struct ScheduleBound {
    /// Earliest start of each transfer, by its own time and by what it waits for.
    let heads: [Int64]
    /// Shortest time from each transfer's start to the end of all that waits for it.
    let tails: [Int64]
    let milliseconds: Int64
    /// The part of it that comes of the channels' load and earliest times alone.
    let channelMilliseconds: Int64

    init(_ problem: TransferProblem) {
        let transfers = problem.transfers
        let shortest = transfers.map { $0.ways.map(\.milliseconds).min() ?? 0 }
        var heads = transfers.map(\.earliestMilliseconds)
        var tails = shortest
        let order = WaitOrder.of(transfers.map(\.after))
        channelMilliseconds = Self.load(problem, heads: heads)
        // Each round carries what was found one host further along.
        for _ in 0..<4 {
            let before = heads
            for index in order {
                for wait in transfers[index].after {
                    heads[index] = max(heads[index], heads[wait] + shortest[wait])
                }
            }
            Self.waitForStores(problem, shortest, &heads)
            if heads == before { break }
        }
        for index in order.reversed() {
            for wait in transfers[index].after {
                tails[wait] = max(tails[wait], shortest[wait] + tails[index])
            }
        }
        self.heads = heads
        self.tails = tails
        let chain = transfers.indices.map { heads[$0] + tails[$0] }.max() ?? 0
        let lowest = max(chain, Self.load(problem, heads: heads))
        let grain = Self.grain(transfers)
        milliseconds = (lowest + grain - 1) / grain * grain
    }

    /// What all times are multiples of: in a schedule in which nothing can start earlier each start
    /// is an earliest time or an end.
    private static func grain(_ transfers: [TransferProblem.Transfer]) -> Int64 {
        var grain: Int64 = 0
        for transfer in transfers {
            for time in transfer.ways.map(\.milliseconds) + [transfer.earliestMilliseconds] {
                var rest = time
                while rest != 0 { (grain, rest) = (rest, grain % rest) }
            }
        }
        return max(1, grain)
    }

    /// Puts off what takes more than its store has until others could have given it back.
    private static func waitForStores(
        _ problem: TransferProblem, _ shortest: [Int64], _ heads: inout [Int64]
    ) {
        var returns: [Int: [(end: Int64, amount: Int64)]] = [:]
        for (index, transfer) in problem.transfers.enumerated() {
            for claim in transfer.frees {
                returns[claim.index, default: []].append(
                    (heads[index] + max(1, shortest[index]), claim.amount))
            }
        }
        for store in returns.keys { returns[store]?.sort { $0.end < $1.end } }
        for (index, transfer) in problem.transfers.enumerated() {
            for claim in transfer.takes where claim.amount > problem.stores[claim.index] {
                var there = problem.stores[claim.index]
                for given in returns[claim.index] ?? [] where there < claim.amount {
                    there += given.amount
                    heads[index] = max(heads[index], given.end)
                }
            }
        }
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
}
