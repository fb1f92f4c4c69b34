/// Plays transfers in an order of priority, each as early as those before it in the order leave
/// room, be that in a gap: one that comes early in the order has both ends of its way kept free for
/// it.
///
/// Source: Kolisch, "Serial and parallel resource-constrained project scheduling methods
/// revisited" (1996), the serial scheme; among its schedules there always is a best one.
/// O(transfers × claims × changes of a channel's use) at worst.
struct InsertionScheduler {
    /// How much is used, or is there, from each time on until the next.
    private struct Profile {
        var times: [Int64] = [0]
        var amounts: [Int64]

        /// Index of the stretch that a time lies in.
        func stretch(at time: Int64) -> Int {
            var (low, high) = (0, times.count)
            while high - low > 1 {
                let middle = (low + high) / 2
                if times[middle] <= time { low = middle } else { high = middle }
            }
            return low
        }

        /// Makes a time the beginning of a stretch.
        mutating func split(at time: Int64) -> Int {
            let index = stretch(at: time)
            if times[index] == time { return index }
            times.insert(time, at: index + 1)
            amounts.insert(amounts[index], at: index + 1)
            return index + 1
        }

        mutating func add(_ amount: Int64, from start: Int64, until end: Int64 = Int64.max) {
            let first = split(at: start)
            let last = end == Int64.max ? times.count : split(at: end)
            for index in first..<last { amounts[index] += amount }
        }
    }

    let problem: TransferProblem
    private var used: [Profile] = []
    private var stock: [Profile] = []

    init(_ problem: TransferProblem) { self.problem = problem }

    mutating func play(_ order: [Int]) -> ListScheduler.Outcome {
        let count = problem.transfers.count
        used = problem.channels.map { _ in Profile(amounts: [0]) }
        stock = problem.stores.map { Profile(amounts: [$0]) }
        var outcome = ListScheduler.Outcome(
            starts: Array(repeating: 0, count: count), ways: Array(repeating: 0, count: count),
            ends: Array(repeating: 0, count: count), stuck: [], makespan: 0)
        var waiting = order
        var hasChanged = true
        // What must wait for something later in the order comes after it.
        while !waiting.isEmpty, hasChanged {
            var left: [Int] = []
            for transfer in waiting {
                if let (start, way) = earliest(transfer, outcome.ends) {
                    insert(transfer, way, at: start, &outcome)
                } else {
                    left.append(transfer)
                }
            }
            hasChanged = left.count < waiting.count
            waiting = left
        }
        outcome.stuck = waiting.sorted()
        outcome.makespan = outcome.ends.max() ?? 0
        return outcome
    }

    /// The start and the way that end a transfer soonest; nil when it cannot be placed yet.
    private func earliest(_ transfer: Int, _ ends: [Int64]) -> (start: Int64, way: Int)? {
        let own = problem.transfers[transfer]
        var from = own.earliestMilliseconds
        for wait in own.after {
            guard ends[wait] > 0 else { return nil }
            from = max(from, ends[wait])
        }
        for claim in own.takes {
            guard let filled = lastShortage(stock[claim.index], claim.amount) else { return nil }
            from = max(from, filled)
        }
        var best: (start: Int64, way: Int, end: Int64)?
        for (index, way) in own.ways.enumerated() {
            let length = max(1, way.milliseconds)
            guard let start = gap(way, length, from: from) else { continue }
            if start + length < best?.end ?? Int64.max { best = (start, index, start + length) }
        }
        return best.map { ($0.start, $0.way) }
    }

    /// When a store has so much and keeps it; nil when it ends up with less.
    private func lastShortage(_ profile: Profile, _ amount: Int64) -> Int64? {
        guard let last = profile.amounts.last, last >= amount else { return nil }
        for index in profile.amounts.indices.reversed() where profile.amounts[index] < amount {
            return profile.times[index + 1]
        }
        return 0
    }

    /// The first time from which all channels of a way have room for its whole length.
    private func gap(_ way: TransferProblem.Path, _ length: Int64, from: Int64) -> Int64? {
        var start = from
        var agreed = 0
        var next = 0
        while agreed < way.channels.count {
            let claim = way.channels[next]
            guard claim.amount <= problem.channels[claim.index] else { return nil }
            let later = opening(claim, length, from: start)
            agreed = later == start ? agreed + 1 : 1
            start = later
            next = (next + 1) % way.channels.count
        }
        return start
    }

    private func opening(
        _ claim: TransferProblem.Claim, _ length: Int64, from: Int64
    ) -> Int64 {
        let room = problem.channels[claim.index] - claim.amount
        var start = from
        var index = used[claim.index].stretch(at: from)
        let count = used[claim.index].times.count
        while index < count, used[claim.index].times[index] < start + length {
            if used[claim.index].amounts[index] > room {
                // The last stretch is always empty, so there is a next one.
                start = used[claim.index].times[index + 1]
            }
            index += 1
        }
        return start
    }

    private mutating func insert(
        _ transfer: Int, _ way: Int, at start: Int64, _ outcome: inout ListScheduler.Outcome
    ) {
        let own = problem.transfers[transfer]
        let end = start + max(1, own.ways[way].milliseconds)
        for claim in own.ways[way].channels {
            used[claim.index].add(claim.amount, from: start, until: end)
        }
        for claim in own.takes { stock[claim.index].add(-claim.amount, from: start) }
        for claim in own.frees { stock[claim.index].add(claim.amount, from: end) }
        outcome.starts[transfer] = start
        outcome.ways[transfer] = way
        outcome.ends[transfer] = end
    }
}
