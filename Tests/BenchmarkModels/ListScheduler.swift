/// Plays transfers in an order of priority: whenever something has ended, each that waits starts in
/// its turn if its channels and stores have room for it.
///
/// Source: Kolisch, "Serial and parallel resource-constrained project scheduling methods
/// revisited" (1996), the parallel scheme. At worst O(transfers²) checks, nearly all of which are
/// one look at the channel that was full the last time.
struct ListScheduler {
    /// A schedule, as far as it went.
    struct Outcome {
        var starts: [Int64]
        var ways: [Int]
        var ends: [Int64]
        /// Those that could never start, because what they need is not given back any more.
        var stuck: [Int]
        var makespan: Int64
    }

    /// Who comes first among those that could start.
    enum Priority {
        /// The order given.
        case list([Int])
        /// Whoever uses the channel with most work left before it, or heads the longest chain.
        case busiestChannel
    }

    private static let never = Int64.max

    let problem: TransferProblem
    let tails: [Int64]
    /// What no trial changes: claims of the first way as work, followers, and waits that are open.
    private let work: [[TransferProblem.Claim]]
    private let followers: [[Int]]
    private let openWaits: [Int]
    /// Times before which some transfer may not start.
    private let openings: [Int64]

    private var free: [Int64] = []
    private var stock: [Int64] = []
    private var load: [Int64] = []
    private var open: [Int] = []
    private var running: [(end: Int64, transfer: Int)] = []
    /// The channel that was too full for a transfer the last time, and what it asked for.
    private var obstacle: [Int] = []
    private var obstacleAmount: [Int64] = []
    private var outcome = Outcome(starts: [], ways: [], ends: [], stuck: [], makespan: 0)

    init(_ problem: TransferProblem, tails: [Int64]) {
        self.problem = problem
        self.tails = tails
        work = problem.transfers.map { ScheduleBound.leastWork($0) }
        var followers: [[Int]] = problem.transfers.map { _ in [] }
        for (index, transfer) in problem.transfers.enumerated() {
            for wait in transfer.after { followers[wait].append(index) }
        }
        self.followers = followers
        openWaits = problem.transfers.map(\.after.count)
        openings = Set(problem.transfers.map(\.earliestMilliseconds)).sorted()
    }

    mutating func play(_ priority: Priority) -> Outcome {
        reset()
        var waiting: [Int]
        switch priority {
        case .list(let order): waiting = order
        case .busiestChannel: waiting = Array(problem.transfers.indices)
        }
        var now: Int64 = 0
        while !waiting.isEmpty {
            switch priority {
            case .list: startInTurn(&waiting, at: now)
            case .busiestChannel: startBusiest(&waiting, at: now)
            }
            guard !waiting.isEmpty else { break }
            guard let next = nextEvent(after: now) else { break }
            now = next
            finish(at: now)
        }
        outcome.stuck = waiting.sorted()
        outcome.makespan = outcome.ends.max() ?? 0
        return outcome
    }

    private mutating func reset() {
        let count = problem.transfers.count
        free = problem.channels
        stock = problem.stores
        load = Array(repeating: 0, count: problem.channels.count)
        for claims in work {
            for claim in claims { load[claim.index] += claim.amount }
        }
        open = openWaits
        running.removeAll(keepingCapacity: true)
        obstacle = Array(repeating: -1, count: count)
        obstacleAmount = Array(repeating: 0, count: count)
        outcome = Outcome(
            starts: Array(repeating: 0, count: count), ways: Array(repeating: 0, count: count),
            ends: Array(repeating: 0, count: count), stuck: [], makespan: 0)
    }

    private mutating func startInTurn(_ waiting: inout [Int], at now: Int64) {
        var kept = 0
        for position in waiting.indices {
            let transfer = waiting[position]
            if let way = wayOpen(to: transfer, at: now) {
                begin(transfer, way, at: now)
            } else {
                waiting[kept] = transfer
                kept += 1
            }
        }
        waiting.removeSubrange(kept...)
    }

    private mutating func startBusiest(_ waiting: inout [Int], at now: Int64) {
        var able = waiting.filter { wayOpen(to: $0, at: now) != nil }
        guard !able.isEmpty else { return }
        while let best = able.max(by: { isLess($0, $1) }) {
            if let way = wayOpen(to: best, at: now) { begin(best, way, at: now) }
            able.removeAll { $0 == best || wayOpen(to: $0, at: now) == nil }
        }
        waiting.removeAll { outcome.ends[$0] > 0 }
    }

    private func isLess(_ one: Int, _ other: Int) -> Bool {
        let (a, b) = (urgency(one), urgency(other))
        return a != b ? a < b : one > other
    }

    /// The greatest time that a channel of the transfer still needs, then all of them together.
    private func urgency(_ transfer: Int) -> (most: Int64, sum: Int64) {
        var (most, sum) = (tails[transfer], Int64(0))
        for claim in work[transfer] {
            let time = load[claim.index] / max(1, problem.channels[claim.index])
            most = max(most, time)
            sum += time
        }
        return (most, sum)
    }

    /// The way in which a transfer can start now and ends soonest.
    private mutating func wayOpen(to transfer: Int, at now: Int64) -> Int? {
        let blocked = obstacle[transfer]
        if blocked >= 0, free[blocked] < obstacleAmount[transfer] { return nil }
        guard open[transfer] == 0, problem.transfers[transfer].earliestMilliseconds <= now else {
            return nil
        }
        for claim in problem.transfers[transfer].takes where stock[claim.index] < claim.amount {
            return nil
        }
        var best: (way: Int, milliseconds: Int64)?
        var lowest: TransferProblem.Claim?
        for (index, way) in problem.transfers[transfer].ways.enumerated() {
            if let best, best.milliseconds <= way.milliseconds { continue }
            if let full = way.channels.first(where: { free[$0.index] < $0.amount }) {
                if full.amount < lowest?.amount ?? Self.never { lowest = full }
            } else {
                best = (index, way.milliseconds)
            }
        }
        // With one way alone its full channel is what must change before another look pays.
        if best == nil, problem.transfers[transfer].ways.count == 1, let lowest {
            obstacle[transfer] = lowest.index
            obstacleAmount[transfer] = lowest.amount
        }
        return best?.way
    }

    private mutating func begin(_ transfer: Int, _ way: Int, at now: Int64) {
        for claim in problem.transfers[transfer].ways[way].channels {
            free[claim.index] -= claim.amount
        }
        for claim in problem.transfers[transfer].takes { stock[claim.index] -= claim.amount }
        for claim in work[transfer] { load[claim.index] -= claim.amount }
        let end = now + max(1, problem.transfers[transfer].ways[way].milliseconds)
        outcome.starts[transfer] = now
        outcome.ways[transfer] = way
        outcome.ends[transfer] = end
        running.append((end, transfer))
    }

    private func nextEvent(after now: Int64) -> Int64? {
        var next = openings.first { $0 > now } ?? Self.never
        for entry in running { next = min(next, entry.end) }
        return next == Self.never ? nil : next
    }

    private mutating func finish(at now: Int64) {
        for index in running.indices.reversed() where running[index].end <= now {
            let transfer = running[index].transfer
            for claim in problem.transfers[transfer].ways[outcome.ways[transfer]].channels {
                free[claim.index] += claim.amount
            }
            for claim in problem.transfers[transfer].frees { stock[claim.index] += claim.amount }
            for follower in followers[transfer] { open[follower] -= 1 }
            running.remove(at: index)
        }
    }
}
